//! Values that are no good.

use super::*;

#[tokio::test]
async fn values_out_of_range_too_large_too_deep_or_malformed_are_refused_by_name() {
    let answer = ask("malformed").await;
    assert_eq!(answer.end()["type"], "complete", "{:?}", answer.end());
    let text = answer.text();
    let invalid = [
        ("limit zero", "limit: from 1"),
        ("no columns", "columns: at least one"),
        ("embed", "not a name of a table or column"),
        ("path", "not a name of a table or column"),
        ("deep", "nested deeper than 64"),
        ("large", "at most 16384 bytes"),
        ("not json", "not JSON"),
        ("null", "use is-null"),
        ("empty any", "at least one comparison"),
        ("one of none", "1 to 200"),
        ("sum of nothing", "only count"),
        ("no measures", "at least one"),
        ("many measures", "at most 16"),
        ("no rows", "rows: at least one"),
        ("array row", "a JSON object"),
        ("very deep row", "nested deeper than 64"),
        ("very deep tool", "nested deeper than 64"),
        ("not a number", "from 0.0 to 1.0"),
        ("no tokens", "from 1"),
        ("no messages", "at least one"),
        ("tool name", "letters, digits and underscores"),
        ("forged tool use", "the assistant's"),
        ("assistant first", "the first is the user's"),
    ];
    for (what, message) in invalid {
        is_refused_with(finding(&text, what), "Invalid");
        is_refused_with(finding(&text, what), message);
    }
    is_refused_with(finding(&text, "huge batch"), "17");
    is_refused_with(finding(&text, "many rows"), "LimitExceeded");
    is_refused_with(finding(&text, "update everything"), "at least one");
    is_refused_with(finding(&text, "delete everything"), "Denied");
}
