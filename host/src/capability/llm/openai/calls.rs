//! Tool calls, put together from their deltas.
//!
//! The index says which call a delta is of, and the first one has id and name. Not every server does so: some number
//! all calls 0, leave out index or id, or send an id or the name with every delta.

use std::collections::HashSet;

use serde::de::IgnoredAny;
use serde_json::Value;
use uuid::Uuid;

use super::super::ToolUse;

/// The calls so far, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Calls {
    /// Takes a delta.
    pub(super) fn push(&mut self, delta: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let function = &delta["function"];
        let part = Call {
            index: delta["index"].as_u64(),
            id: text(&delta["id"]),
            name: text(&function["name"]),
            arguments: match &function["arguments"] {
                whole @ Value::Object(_) => whole.to_string(),
                part => text(part),
            },
        };
        let call = match self.begun(&part) {
            Some(at) => &mut self.0[at],
            None => {
                self.0.push(Call { index: part.index, ..Call::default() });
                let last = self.0.len() - 1;
                &mut self.0[last]
            }
        };
        call.arguments.push_str(&part.arguments);
        for (known, sent) in [(&mut call.id, part.id), (&mut call.name, part.name)] {
            if known.is_empty() {
                *known = sent;
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The call that this delta goes on with.
    fn begun(&self, part: &Call) -> Option<usize> {
        let same = |same: &dyn Fn(&Call) -> bool| self.0.iter().rposition(same);
        let last = self.0.len().checked_sub(1);
        let at = match part.index {
            Some(_) => same(&|call| call.index == part.index),
            None if part.id.is_empty() => last,
            None => same(&|call| call.id == part.id).or(last),
        }?;
        let call = &self.0[at];
        // Only what has a name can be the beginning of another call.
        let other = !part.name.is_empty()
            && match part.id.is_empty() {
                true => !part.arguments.trim().is_empty() && is_whole(&call.arguments),
                false => !call.id.is_empty() && call.id != part.id,
            };
        (!other).then_some(at)
    }

    /// The calls whose arguments are a whole JSON object; in an answer that was cut, none without arguments. Every id
    /// is there once.
    pub(super) fn finish(self, cut: bool) -> Vec<ToolUse> {
        let mut ids = HashSet::new();
        let mut tool_use = |call: Call| {
            let json = if call.arguments.trim().is_empty() && !cut { "{}" } else { &call.arguments };
            let input: Value = serde_json::from_str(json).ok().filter(Value::is_object)?;
            let id = if call.id.is_empty() || ids.contains(&call.id) {
                format!("call_{}", Uuid::new_v4().simple())
            } else {
                call.id
            };
            ids.insert(id.clone());
            (!call.name.is_empty()).then_some(ToolUse { id, name: call.name, input })
        };
        self.0.into_iter().filter_map(&mut tool_use).collect()
    }
}

fn is_whole(json: &str) -> bool {
    json.trim_end().ends_with('}') && serde_json::from_str::<IgnoredAny>(json).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn calls(deltas: &[Value]) -> Vec<ToolUse> {
        let mut calls = Calls::default();
        deltas.iter().for_each(|delta| calls.push(delta));
        calls.finish(false)
    }

    fn part(index: u64, arguments: &str) -> Value {
        json!({"index": index, "function": {"arguments": arguments}})
    }

    fn begin(index: u64, id: &str, name: &str, arguments: &str) -> Value {
        json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
    }

    fn named(calls: &[ToolUse]) -> Vec<(&str, &str, String)> {
        calls.iter().map(|call| (call.id.as_str(), call.name.as_str(), call.input.to_string())).collect()
    }

    #[test]
    fn fragments_of_several_calls_may_alternate() {
        let calls = calls(&[
            begin(0, "a", "list", ""),
            begin(1, "b", "delete", ""),
            part(1, "{\"id\""),
            part(0, "{\"limit\":"),
            part(1, ":7}"),
            part(0, "12345678901234567.890}"),
        ]);
        let expected =
            [("a", "list", "{\"limit\":12345678901234567.890}".to_owned()), ("b", "delete", "{\"id\":7}".to_owned())];
        assert_eq!(named(&calls), expected);
    }

    #[test]
    fn whole_calls_that_all_have_the_index_0_are_several() {
        let ids = calls(&[begin(0, "a", "list", "{}"), begin(0, "b", "list", "{\"limit\":1}")]);
        assert_eq!(named(&ids), [("a", "list", "{}".into()), ("b", "list", "{\"limit\":1}".into())]);
        let without_ids = calls(&[begin(0, "", "list", "{}"), begin(0, "", "list", "{\"limit\":1}")]);
        assert_eq!(without_ids.len(), 2);
        assert!(without_ids[0].id != without_ids[1].id && without_ids[0].id.len() <= 40);
    }

    #[test]
    fn an_index_may_be_missing() {
        let delta = |id: &str, name: &str, arguments: &str| json!({"id": id, "function": {"name": name, "arguments": arguments}});
        let calls = calls(&[
            delta("a", "list", "{\"li"),
            json!({"function": {"arguments": "mit\":1}"}}),
            delta("b", "list", "{\"limit\":"),
            delta("b", "", "2}"),
        ]);
        assert_eq!(named(&calls), [("a", "list", "{\"limit\":1}".into()), ("b", "list", "{\"limit\":2}".into())]);
    }

    #[test]
    fn ids_and_names_may_be_repeated_with_every_delta() {
        let repeated =
            calls(&[begin(0, "a", "list", ""), begin(0, "a", "list", "{\"limit\":"), begin(0, "a", "list", "1}")]);
        assert_eq!(named(&repeated), [("a", "list", "{\"limit\":1}".into())]);
        let nameless = calls(&[begin(0, "a", "list", "{\"limit\":"), begin(0, "other", "", "1}")]);
        assert_eq!(named(&nameless), [("a", "list", "{\"limit\":1}".into())]);
        let late = calls(&[begin(0, "a", "list", "{}"), begin(0, "", "list", "")]);
        assert_eq!(named(&late), [("a", "list", "{}".into())]);
    }

    #[test]
    fn two_calls_of_one_id_get_different_ones() {
        let calls = calls(&[begin(0, "a", "list", "{}"), begin(1, "a", "list", "{}")]);
        assert_eq!(calls.len(), 2);
        assert_ne!(calls[0].id, calls[1].id);
    }

    #[test]
    fn what_is_no_whole_object_is_left_out() {
        for broken in ["{\"id\":", "[1]", "null", "7", "\"{}\"", "{} {}", "{\"id\":7}}"] {
            assert!(calls(&[begin(0, "a", "delete", broken)]).is_empty(), "{broken}");
        }
        assert!(calls(&[part(0, "{}")]).is_empty(), "without a name");
        assert!(calls(&[json!(7), json!({"function": 7}), Value::Null]).is_empty());
        assert_eq!(calls(&[begin(0, "a", "list", " ")])[0].input, json!({}));
        let mut cut = Calls::default();
        cut.push(&begin(0, "a", "list", ""));
        assert!(cut.finish(true).is_empty());
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_arguments_are_cut(cuts in proptest::collection::vec(0usize..40, 0..8)) {
            let text = r#"{"name":"Zoë \"Z\"","sum":10.50,"x":{}}"#;
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut deltas = vec![begin(0, "a", "list", "")];
            deltas.extend(cuts.windows(2).map(|pair| part(0, &text[pair[0]..pair[1]])));
            prop_assert_eq!(calls(&deltas)[0].input.to_string(), text);
        }
    }
}
