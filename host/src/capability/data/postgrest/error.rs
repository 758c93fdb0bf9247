//! PostgREST's errors as [`DataError`]s.
//!
//! `details` is not even read, as it can hold rows, and no message of PostgreSQL is passed on, as it puts values into
//! some of them. The texts here are our own, with the names of columns, types and constraints picked out.

use axum::http::StatusCode;
use serde::Deserialize;

use super::super::{DataError, Identifier};
use super::query::invalid;

#[derive(Deserialize, Default)]
struct Problem {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// What a failed answer means. `resource` is the table, or `rpc/…`, that was asked.
pub(super) fn from_answer(status: StatusCode, body: &[u8], resource: &str) -> DataError {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let message = problem.message.unwrap_or_default();
    match problem.code.as_deref() {
        Some(code) if code.starts_with("PGRST") => from_postgrest(code, &message, resource),
        Some(code) if code.len() == 5 && code.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            from_sqlstate(code, &message, resource)
        }
        _ => from_status(status, &message),
    }
}

fn from_postgrest(code: &str, message: &str, resource: &str) -> DataError {
    match code {
        "PGRST000" | "PGRST001" | "PGRST002" | "PGRST003" => {
            DataError::Unavailable(format!("it has no connection to its database ({code})"))
        }
        "PGRST116" => DataError::NotFound,
        "PGRST124" => DataError::LimitExceeded("more rows match than may be changed at once; nothing was done".into()),
        // Nothing that whoever asked could change about the request.
        "PGRST202" => DataError::Other(format!("the database has no function for {resource}: apply the migrations")),
        "PGRST204" => {
            let column = after(message, "the '", '\'').and_then(name);
            invalid(column.as_deref(), format!("{} has no {}", resource, described("column", column.as_deref())))
        }
        "PGRST205" => invalid(None, format!("there is no table {resource}")),
        _ if code.starts_with("PGRST2") => invalid(None, format!("{resource} doesn't fit the request ({code})")),
        "PGRST301" | "PGRST302" | "PGRST303" => DataError::Unauthorized(format!("it is not valid ({code})")),
        _ => DataError::Other(format!("it answered {code}")),
    }
}

fn from_sqlstate(code: &str, message: &str, resource: &str) -> DataError {
    let constraint = after(message, "constraint \"", '"').and_then(name);
    let named = constraint.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
    match code {
        "42501" => DataError::Denied(format!("{resource} allows this user no such access to these rows or columns")),
        "23505" | "23P01" => DataError::Conflict(format!("a row with these values exists already{named}")),
        "23503" => DataError::Conflict(format!("it refers to a row that isn't there, or is referred to{named}")),
        "23502" => {
            let column = column(message);
            invalid(column.as_deref(), format!("{} needs a value", described("column", column.as_deref())))
        }
        "23514" => {
            let column = constraint.as_deref().and_then(|constraint| checked_column(constraint, resource));
            invalid(column.as_deref(), format!("{} takes no such value{named}", described("column", column.as_deref())))
        }
        "22P02" => match input_type(message) {
            Some(kind) => invalid(None, format!("a value is not a valid {kind}")),
            None => invalid(None, "a value doesn't have the type of its column"),
        },
        "22003" => invalid(None, "a number is out of the range of its column"),
        "22007" | "22008" => invalid(None, "a value is not a valid date or time"),
        "22001" => invalid(None, "a text is longer than its column"),
        "22P05" | "22021" => invalid(None, "a text holds a character that the database can't store"),
        "42703" => {
            let column = column(message);
            invalid(column.as_deref(), format!("{} has no {}", resource, described("column", column.as_deref())))
        }
        "428C9" => {
            let column = column(message);
            invalid(
                column.as_deref(),
                format!("{} is computed and can't be set", described("column", column.as_deref())),
            )
        }
        "42P01" => invalid(None, format!("there is no table {resource}")),
        "42804" | "42883" | "42846" => invalid(None, "a comparison or value doesn't fit the type of its column"),
        // Raised by the function itself: its texts name members of the request, and never values.
        "22023" if resource == super::AGGREGATE => {
            invalid(column(message).as_deref(), message.chars().take(200).collect::<String>())
        }
        "57014" => DataError::Unavailable("the database took too long".into()),
        "40001" | "40P01" | "55P03" => DataError::Unavailable("another change was in the way; try again".into()),
        _ => match &code[..2] {
            "22" | "54" => invalid(None, format!("the database refused a value ({code})")),
            "23" => DataError::Conflict(format!("a rule of the table refuses the change{named}")),
            "08" | "53" | "57" | "58" => DataError::Unavailable(format!("the database is in trouble ({code})")),
            // Raised by a function or trigger of the schema.
            "P0" => invalid(None, "a rule of the database refuses the request"),
            _ => DataError::Other(format!("the database answered {code}")),
        },
    }
}

fn from_status(status: StatusCode, message: &str) -> DataError {
    match status {
        // What Supabase's gateway says before PostgREST sees the request.
        StatusCode::UNAUTHORIZED if message.to_ascii_lowercase().contains("api key") => {
            DataError::Other("it refused the publishable key (SUPABASE_PUB_KEY)".into())
        }
        StatusCode::UNAUTHORIZED => DataError::Unauthorized("it is not valid".into()),
        StatusCode::FORBIDDEN => DataError::Denied("the service allows this user no such access".into()),
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => {
            DataError::LimitExceeded("the request is larger than the service takes".into())
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            DataError::Unavailable(format!("it answered {}", status.as_u16()))
        }
        _ if status.is_server_error() => DataError::Unavailable(format!("it answered {}", status.as_u16())),
        _ => DataError::Other(format!("it answered {}", status.as_u16())),
    }
}

fn described(what: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{what} {name}"),
        None => format!("such {what}"),
    }
}

/// What stands between `prefix` and `end`.
fn after<'a>(message: &'a str, prefix: &str, end: char) -> Option<&'a str> {
    let (_, rest) = message.split_once(prefix)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// A found name, if it is one: a value that stands where a name is expected must not get through.
fn name(found: &str) -> Option<String> {
    Identifier::new(found).ok().map(|name| name.to_string())
}

/// The column of `column "x" …`, `column t.x …` and `… in column "x" …`.
fn column(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("column ")?;
    let word = rest.split(' ').next()?;
    name(word.rsplit('.').next()?.trim_matches('"'))
}

/// PostgreSQL calls the check of one column `<table>_<column>_check`.
fn checked_column(constraint: &str, table: &str) -> Option<String> {
    constraint.strip_prefix(table)?.strip_prefix('_')?.strip_suffix("_check").and_then(name)
}

/// The type in `invalid input syntax for type uuid: "…"`.
fn input_type(message: &str) -> Option<&str> {
    let rest = message
        .strip_prefix("invalid input syntax for type ")
        .or_else(|| message.strip_prefix("invalid input value for enum "))?;
    let (kind, _) = rest.split_once(':')?;
    let plain =
        kind.len() <= 40 && kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b" _".contains(&b));
    plain.then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, code: &str, message: &str) -> DataError {
        let body = serde_json::json!({
            "code": code, "message": message, "details": "Key (email)=(SECRET) already exists.", "hint": "SECRET",
        });
        from_answer(StatusCode::from_u16(status).unwrap(), body.to_string().as_bytes(), "invoices")
    }

    fn named(error: &DataError) -> Option<&str> {
        match error {
            DataError::Invalid { column, .. } => column.as_deref(),
            other => panic!("not Invalid: {other:?}"),
        }
    }

    #[test]
    fn every_code_has_the_meaning_its_caller_can_act_on() {
        use DataError::{Conflict, Denied, LimitExceeded, NotFound, Other, Unauthorized, Unavailable};
        type Check = fn(&DataError) -> bool;
        let invalid: Check = |error| matches!(error, DataError::Invalid { .. });
        let unavailable: Check = |error| matches!(error, Unavailable(_));
        let unauthorized: Check = |error| matches!(error, Unauthorized(_));
        let conflict: Check = |error| matches!(error, Conflict(_));
        let cases: &[(u16, &str, Check)] = &[
            (409, "23505", conflict),
            (409, "23503", conflict),
            (403, "42501", |error| matches!(error, Denied(_))),
            (401, "42501", |error| matches!(error, Denied(_))),
            (400, "23502", invalid),
            (400, "23514", invalid),
            (400, "22P02", invalid),
            (400, "22003", invalid),
            (400, "22007", invalid),
            (400, "22008", invalid),
            (400, "42703", invalid),
            (400, "428C9", invalid),
            (404, "42P01", invalid),
            (404, "42883", invalid),
            (400, "PGRST204", invalid),
            (404, "PGRST205", invalid),
            (400, "PGRST200", invalid),
            (404, "PGRST202", |error| matches!(error, Other(_))),
            (401, "PGRST301", unauthorized),
            (401, "PGRST303", unauthorized),
            (406, "PGRST116", |error| matches!(error, NotFound)),
            (400, "PGRST124", |error| matches!(error, LimitExceeded(_))),
            (500, "57014", unavailable),
            (503, "PGRST000", unavailable),
            (503, "PGRST001", unavailable),
            (503, "PGRST002", unavailable),
            (504, "PGRST003", unavailable),
            (503, "53300", unavailable),
            (500, "XX000", |error| matches!(error, Other(_))),
        ];
        for (status, code, check) in cases {
            let error = error(*status, code, "whatever");
            assert!(check(&error), "{code}: {error:?}");
        }
    }

    #[test]
    fn the_column_is_named_where_the_message_tells_it() {
        for (code, message, column) in [
            (
                "23502",
                r#"null value in column "due_date" of relation "invoices" violates not-null constraint"#,
                "due_date",
            ),
            ("23514", r#"new row for relation "invoices" violates check constraint "invoices_status_check""#, "status"),
            ("42703", "column invoices.colour does not exist", "colour"),
            ("42703", r#"column "colour" of relation "invoices" does not exist"#, "colour"),
            ("428C9", r#"cannot insert a non-DEFAULT value into column "balance_due""#, "balance_due"),
            ("PGRST204", "Could not find the 'colour' column of 'invoices' in the schema cache", "colour"),
        ] {
            let error = error(400, code, message);
            assert_eq!(named(&error), Some(column), "{code}: {error}");
            assert!(error.to_string().contains(column), "{error}");
        }
    }

    #[test]
    fn what_the_aggregate_function_says_is_passed_on() {
        let body = r#"{"code":"22023","message":"there is no column \"colour\" to filter by"}"#;
        let error = from_answer(StatusCode::BAD_REQUEST, body.as_bytes(), super::super::AGGREGATE);
        assert_eq!(named(&error), Some("colour"));
        assert_eq!(error.to_string(), "there is no column \"colour\" to filter by");
        let elsewhere = from_answer(StatusCode::BAD_REQUEST, body.as_bytes(), "invoices");
        assert_eq!((named(&elsewhere), elsewhere.to_string().contains("colour")), (None, false));
    }

    #[test]
    fn a_conflict_names_the_constraint() {
        let duplicate = error(409, "23505", r#"duplicate key value violates unique constraint "invoices_number_key""#);
        assert_eq!(
            duplicate,
            DataError::Conflict("a row with these values exists already (invoices_number_key)".into())
        );
        let missing =
            r#"insert or update on table "invoices" violates foreign key constraint "invoices_client_id_fkey""#;
        let missing = error(409, "23503", missing);
        assert!(missing.to_string().contains("a row that isn't there, or is referred to (invoices_client_id_fkey)"));
    }

    #[test]
    fn no_value_of_a_row_gets_into_an_error() {
        for (code, message) in [
            ("22P02", r#"invalid input syntax for type uuid: "SECRET""#),
            ("22P02", r#"invalid input syntax for type SECRET: "x""#),
            ("22003", r#"value "SECRET" is out of range for type integer"#),
            ("22007", r#"invalid input syntax for type date: "SECRET""#),
            ("22008", r#"date/time field value out of range: "SECRET""#),
            ("23505", r#"duplicate key value violates unique constraint "SECRET value""#),
            ("42703", "column SECRET does not exist"),
            ("42501", "permission denied for SECRET"),
            ("P0001", "SECRET"),
            ("PGRST204", "Could not find the 'SECRET' column"),
            ("PGRST999", "SECRET"),
            ("SECRET", "SECRET"),
        ] {
            let error = error(400, code, message);
            assert!(!format!("{error} {error:?}").contains("SECRET"), "{code}: {error:?}");
        }
        let error = error(400, "22P02", r#"invalid input syntax for type uuid: "x""#);
        assert_eq!(error.to_string(), "a value is not a valid uuid");
    }

    #[test]
    fn an_answer_without_a_code_is_judged_by_its_status() {
        let of =
            |status: u16, body: &str| from_answer(StatusCode::from_u16(status).unwrap(), body.as_bytes(), "invoices");
        assert!(matches!(of(401, ""), DataError::Unauthorized(_)));
        assert!(
            matches!(of(401, r#"{"message":"Invalid API key"}"#), DataError::Other(text) if text.contains("SUPABASE_PUB_KEY"))
        );
        assert!(matches!(of(403, "<html>"), DataError::Denied(_)));
        assert!(matches!(of(429, ""), DataError::Unavailable(_)));
        assert!(matches!(of(502, "<html>"), DataError::Unavailable(_)));
        assert!(matches!(of(302, ""), DataError::Other(_)));
        assert!(matches!(of(414, ""), DataError::LimitExceeded(_)));
    }
}
