//! Dates and periods in plain English, relative to a day.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::mentions::{Token, word_number};

/// Which ends of a period a phrase gives: "since March" has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// From the first to the last day.
    Both,
    /// From the first day on.
    From,
    /// Up to the last day.
    Until,
}

/// A day or a period of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// The first day.
    pub(super) start: NaiveDate,
    /// The last day, the first one for a single day.
    pub(super) end: NaiveDate,
    /// Which of them the message gives.
    pub(super) ends: Ends,
    /// The tokens it was read from.
    pub(super) tokens: std::ops::Range<usize>,
}

/// The days of a unit of time.
pub(super) fn unit_days(word: &str) -> Option<i64> {
    Some(match word.trim_end_matches('s') {
        "day" => 1,
        "week" => 7,
        "month" => 30,
        "quarter" => 90,
        "year" => 365,
        _ => return None,
    })
}

/// All days and periods that the tokens mention, in order.
pub(super) fn spans(tokens: &[Token], today: NaiveDate) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((start, end, length)) = period(&tokens[at..], today) else {
            at += 1;
            continue;
        };
        let before = at.checked_sub(1).map_or("", |before| tokens[before].lower.as_str());
        let ends = match before {
            "since" | "from" | "after" | "starting" | "between" => Ends::From,
            "until" | "till" | "before" | "by" | "through" => Ends::Until,
            "to" | "and" if found.last().is_some_and(|last| last.ends == Ends::From && last.tokens.end + 1 == at) => {
                Ends::Until
            }
            _ => Ends::Both,
        };
        found.push(Span { start, end, ends, tokens: at..at + length });
        at += length;
    }
    // "From last month" is that month, unless it goes on with "to".
    let last = found.len();
    for at in 0..last {
        let goes_on = found.get(at + 1).is_some_and(|next| next.ends == Ends::Until);
        let span = &mut found[at];
        let from = span.tokens.start > 0 && tokens[span.tokens.start - 1].lower == "from";
        if from && !goes_on && span.start != span.end {
            span.ends = Ends::Both;
        }
    }
    found
}

type Period = (NaiveDate, NaiveDate, usize);

fn period(tokens: &[Token], today: NaiveDate) -> Option<Period> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let day = |date: NaiveDate, length| Some((date, date, length));
    if let Some(date) = iso(word(0)).or_else(|| american(word(0), today)) {
        return day(date, 1);
    }
    match word(0) {
        "today" => return day(today, 1),
        "tomorrow" => return day(today.checked_add_days(Days::new(1))?, 1),
        "yesterday" => return day(today.checked_sub_days(Days::new(1))?, 1),
        "ytd" => return Some((NaiveDate::from_ymd_opt(today.year(), 1, 1)?, today, 1)),
        _ => {}
    }
    relative(tokens, today)
        .or_else(|| weekday(tokens, today))
        .or_else(|| quarter(tokens, today))
        .or_else(|| month_and_day(tokens, today))
        .or_else(|| (word(0) == "in").then(|| year(word(1))).flatten().map(|(start, end)| (start, end, 2)))
}

fn iso(word: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(word.split('t').next()?, "%Y-%m-%d").ok()
}

/// `3/14` and `3/14/2026`, month first.
fn american(word: &str, today: NaiveDate) -> Option<NaiveDate> {
    let mut parts = word.split('/').map(str::parse::<u32>);
    let (month, day) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let year = match parts.next() {
        Some(year) => year.ok().map(|year| if year < 100 { year + 2000 } else { year })?,
        None => u32::try_from(today.year()).ok()?,
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// "this month", "last 30 days", "in 2 weeks", "3 days ago".
fn relative(tokens: &[Token], today: NaiveDate) -> Option<Period> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let count =
        |at: usize| word(at).parse::<u64>().ok().or_else(|| word_number(word(at)).and_then(|n| u64::try_from(n).ok()));
    let days = |at: usize, count: u64| {
        unit_days(word(at))
            .and_then(|unit| u64::try_from(unit).ok())
            .and_then(|unit| unit.checked_mul(count))
            .map(Days::new)
    };
    if let Some(n) = count(0) {
        let date = days(1, n).filter(|_| word(2) == "ago").and_then(|days| today.checked_sub_days(days))?;
        return Some((date, date, 3));
    }
    let direction = match word(0) {
        "this" | "current" => 0,
        "next" | "coming" | "upcoming" => 1,
        "last" | "past" | "previous" => -1,
        "in" => {
            let date = days(2, count(1)?).and_then(|days| today.checked_add_days(days))?;
            return Some((date, date, 3));
        }
        _ => return None,
    };
    if let Some(n) = count(1) {
        let days = days(2, n)?;
        return match direction {
            1 => Some((today, today.checked_add_days(days)?, 3)),
            _ => Some((today.checked_sub_days(days)?, today, 3)),
        };
    }
    let (start, end) = unit(word(1), direction, today)?;
    Some((start, end, 2))
}

fn unit(word: &str, direction: i64, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let shift = |date: NaiveDate, months: u32| match direction {
        0 => Some(date),
        1 => date.checked_add_months(Months::new(months)),
        _ => date.checked_sub_months(Months::new(months)),
    };
    let months = match word {
        "week" => {
            let monday = today.week(Weekday::Mon).first_day();
            let start = monday.checked_add_signed(chrono::TimeDelta::days(7 * direction))?;
            return Some((start, start.checked_add_days(Days::new(6))?));
        }
        "month" => 1,
        "quarter" => 3,
        "year" => 12,
        _ => return None,
    };
    let first_month = today.month0() / months * months + 1;
    let start = shift(NaiveDate::from_ymd_opt(today.year(), first_month, 1)?, months)?;
    Some((start, last_day(start, months)?))
}

fn last_day(start: NaiveDate, months: u32) -> Option<NaiveDate> {
    start.checked_add_months(Months::new(months))?.pred_opt()
}

/// A day of the week: the coming one, unless it says "last".
fn weekday(tokens: &[Token], today: NaiveDate) -> Option<Period> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let named = matches!(word(0), "this" | "next" | "last" | "coming");
    let name = if named { word(1) } else { word(0) };
    let weekday: Weekday = Some(name).filter(|name| name.len() >= 6 && name.ends_with("day"))?.parse().ok()?;
    let ahead = u64::from(weekday.days_since(today.weekday()));
    let date = match word(0) {
        "last" => today.checked_sub_days(Days::new(if ahead == 0 { 7 } else { 7 - ahead }))?,
        _ => today.checked_add_days(Days::new(if ahead == 0 { 7 } else { ahead }))?,
    };
    Some((date, date, if named { 2 } else { 1 }))
}

/// `Q3` and `Q3 2026`.
fn quarter(tokens: &[Token], today: NaiveDate) -> Option<Period> {
    let number: u32 =
        tokens.first()?.lower.strip_prefix('q')?.parse().ok().filter(|number| (1..=4).contains(number))?;
    let stated = tokens.get(1).and_then(|token| year(&token.lower));
    let year = stated.map_or(today.year(), |(start, _)| start.year());
    let start = NaiveDate::from_ymd_opt(year, number * 3 - 2, 1)?;
    Some((start, last_day(start, 3)?, if stated.is_some() { 2 } else { 1 }))
}

fn year(word: &str) -> Option<(NaiveDate, NaiveDate)> {
    let year: i32 = word.parse().ok().filter(|year| (2000..2100).contains(year))?;
    Some((NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?))
}

/// "March", "March 2026", "March 5", "March 5th, 2026", "5 March". A month without a year is this year's.
fn month_and_day(tokens: &[Token], today: NaiveDate) -> Option<Period> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.lower.as_str());
    let ordinal = |at: usize| {
        let digits = word(at).trim_end_matches(|c: char| c.is_ascii_alphabetic());
        digits.parse::<u32>().ok().filter(|day| (1..=31).contains(day) && !digits.is_empty())
    };
    let (month, day, mut length) = match (month(tokens.first()?), ordinal(0), tokens.get(1).and_then(month)) {
        (Some(month), _, _) => match ordinal(1) {
            Some(day) => (month, Some(day), 2),
            None => (month, None, 1),
        },
        (None, Some(day), Some(month)) => (month, Some(day), 2),
        _ => return None,
    };
    let mut of_year = today.year();
    if let Some((start, _)) = year(word(length)) {
        of_year = start.year();
        length += 1;
    }
    match day {
        Some(day) => NaiveDate::from_ymd_opt(of_year, month, day).map(|date| (date, date, length)),
        None => {
            let start = NaiveDate::from_ymd_opt(of_year, month, 1)?;
            Some((start, last_day(start, 1)?, length))
        }
    }
}

/// A month's name. "may" and "march" are also verbs: those need their capital.
fn month(token: &Token) -> Option<u32> {
    let month = token.lower.parse::<chrono::Month>().ok()?.number_from_month();
    let verb = matches!(token.lower.as_str(), "may" | "march" | "mar" | "dec" | "jan" | "sun" | "sep");
    (!verb || token.text.starts_with(char::is_uppercase)).then_some(month)
}

#[cfg(test)]
mod tests {
    use super::super::mentions::Mentions;
    use super::*;

    fn read(message: &str) -> Vec<(String, String, Ends)> {
        let today = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
        let spans = Mentions::find(message, "", today).spans;
        spans.into_iter().map(|span| (span.start.to_string(), span.end.to_string(), span.ends)).collect()
    }

    #[test]
    fn phrases_become_days_and_periods() {
        for (phrase, start, end) in [
            ("revenue this month", "2026-03-01", "2026-03-31"),
            ("revenue last month?", "2026-02-01", "2026-02-28"),
            ("last quarter", "2025-10-01", "2025-12-31"),
            ("this year", "2026-01-01", "2026-12-31"),
            ("next week", "2026-03-16", "2026-03-22"),
            ("in the last 30 days", "2026-02-07", "2026-03-09"),
            ("past two weeks", "2026-02-23", "2026-03-09"),
            ("tomorrow at 3pm", "2026-03-10", "2026-03-10"),
            ("in March", "2026-03-01", "2026-03-31"),
            ("in May 2025", "2025-05-01", "2025-05-31"),
            ("on March 5th, 2025", "2025-03-05", "2025-03-05"),
            ("on 5 April", "2026-04-05", "2026-04-05"),
            ("due 2026-08-01.", "2026-08-01", "2026-08-01"),
            ("on 4/15", "2026-04-15", "2026-04-15"),
            ("next Tuesday", "2026-03-10", "2026-03-10"),
            ("last Monday", "2026-03-02", "2026-03-02"),
            ("Q1 2025", "2025-01-01", "2025-03-31"),
            ("in 2025", "2025-01-01", "2025-12-31"),
            ("in 2 weeks", "2026-03-23", "2026-03-23"),
            ("3 days ago", "2026-03-06", "2026-03-06"),
        ] {
            assert_eq!(read(phrase), [(start.to_owned(), end.to_owned(), Ends::Both)], "{phrase}");
        }
    }

    #[test]
    fn a_period_may_have_one_end() {
        assert_eq!(read("since March 1")[0].2, Ends::From);
        assert_eq!(read("before Friday")[0].2, Ends::Until);
        assert_eq!(read("from last month")[0].2, Ends::Both);
        let both = read("from 2026-01-05 to 2026-02-10");
        assert_eq!((both[0].2, both[1].2), (Ends::From, Ends::Until));
    }

    #[test]
    fn ordinary_words_are_no_dates() {
        for phrase in
            ["may I see them", "60 days", "invoice 1042", "99999999999999999999 days ago", "2026-02-31", "last one"]
        {
            assert_eq!(read(phrase), [], "{phrase}");
        }
    }
}
