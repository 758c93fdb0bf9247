//! What of a text is compared: its words, the kinds of figures in it, which stand next to each other, and how they are
//! spelt.

use std::collections::HashMap;

use super::related::groups;
use super::words::{Word, begins_code, is_name, known_stem, normal, words};

/// What two words next to each other count, where one by itself counts 1.
const PAIR: f64 = 0.5;
/// What three words in a row count.
const PHRASE: f64 = 0.5;
/// Somebody's name, whoever it is.
const NAME: f64 = 0.2;
/// What a group of related words counts that a word is of.
const GROUP: f64 = 0.6;
/// A few letters in a row: misspelt words and other forms of a word share most of theirs.
const LETTERS: f64 = 0.2;
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=5;

/// A feature's name as a number (FNV-1a), by which it is found in what was learnt at build time.
pub(super) fn fingerprint(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The features of a text, each with what it counts in it.
pub(super) fn features(text: &str) -> HashMap<String, f64> {
    of(&tokens(text))
}

/// The features of a text, and which three words stand in a row in it. These tell texts apart where there are thousands to
/// learn from: "when is … this year" is like few questions that have the same words.
pub(super) fn with_phrases(text: &str) -> HashMap<String, f64> {
    let tokens = tokens(text);
    let mut features = of(&tokens);
    features.extend(in_a_row(&tokens, 3).map(|phrase| (phrase, PHRASE)));
    features
}

fn of(tokens: &[Token]) -> HashMap<String, f64> {
    let mut features = HashMap::new();
    for Token { key, kind } in tokens {
        features.insert(key.clone(), if *kind == Kind::Name { NAME } else { 1.0 });
        if *kind == Kind::Word {
            features.extend(groups(key).iter().map(|group| (format!("={group}"), GROUP)));
            features.extend(letters(key).map(|letters| (letters, LETTERS)));
        }
    }
    features.extend(in_a_row(tokens, 2).map(|pair| (pair, PAIR)));
    features
}

/// So many words that stand next to each other, or at the beginning or the end.
fn in_a_row(tokens: &[Token], count: usize) -> impl Iterator<Item = String> {
    let words = tokens.iter().map(|token| token.key.as_str());
    let sentence: Vec<&str> = std::iter::once("^").chain(words).chain(["$"]).collect();
    (0..(sentence.len() + 1).saturating_sub(count)).map(move |at| sentence[at..at + count].join(" "))
}

fn letters(word: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = format!("<{word}>").chars().collect();
    LENGTHS.flat_map(move |length| {
        letters.windows(length).map(|few| format!("~{}", few.iter().collect::<String>())).collect::<Vec<_>>()
    })
}

struct Token {
    key: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    /// A kind of figure, day or code: `#money`.
    Figure,
    Name,
}

/// Every word of a text as a stem, or the kind of figure, day or name it is. Names in a row are one.
fn tokens(text: &str) -> Vec<Token> {
    let words = words(text);
    let said: Vec<String> = words.iter().map(|word| normal(word.text)).collect();
    let mut tokens: Vec<Token> = Vec::with_capacity(said.len());
    for (at, word) in words.iter().enumerate() {
        let token = token(text, *word, &said[at], said.get(at + 1).map_or("", String::as_str));
        if token.kind != Kind::Name || tokens.last().is_none_or(|last| last.kind != Kind::Name) {
            tokens.push(token);
        }
    }
    tokens
}

fn token(text: &str, word: Word<'_>, plain: &str, next: &str) -> Token {
    let (before, after) = (&text[..word.start], &text[word.start + word.text.len()..]);
    if let Some(kind) = day(plain) {
        Token { key: kind.to_owned(), kind: Kind::Figure }
    } else if plain.starts_with(|c: char| c.is_ascii_digit()) {
        Token { key: figure(before, plain, after, next).to_owned(), kind: Kind::Figure }
    } else if begins_code(text, word) {
        // `INV-1042` and `INV-1038` are codes of one kind; which one doesn't matter.
        Token { key: format!("{plain}-#"), kind: Kind::Figure }
    } else if is_name(text, word) {
        Token { key: "#name".to_owned(), kind: Kind::Name }
    } else {
        Token { key: known_stem(plain), kind: Kind::Word }
    }
}

/// Days stand for one another, and so do months: a question about Tuesday is like one about Friday.
const DAYS: &[(&str, &[&str])] = &[
    ("#weekday", &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    ("#weekday", &["mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "weekend"]),
    ("#month", &["january", "february", "march", "april", "june", "july", "august", "september", "october"]),
    ("#month", &["november", "december"]),
    ("#day", &["today", "tomorrow", "yesterday", "tonight"]),
    ("#daytime", &["morning", "afternoon", "evening", "noon"]),
];

fn day(word: &str) -> Option<&'static str> {
    // "Fridays" is how "Friday's" is typed.
    let one = word.strip_suffix('s').unwrap_or(word);
    DAYS.iter().find(|(_, names)| names.contains(&word) || names.contains(&one)).map(|(kind, _)| *kind)
}

/// The kind of a figure, by what stands around it.
fn figure(before: &str, figure: &str, after: &str, next: &str) -> &'static str {
    let ends = |endings: &[&str]| {
        endings.iter().any(|ending| {
            figure.strip_suffix(ending).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
        })
    };
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    if before.ends_with('$') || ends(&["k"]) || matches!(next, "bucks" | "dollars" | "grand") {
        "#money"
    } else if after.starts_with('%') || next == "percent" {
        "#percent"
    } else if ends(&["am", "pm"])
        || matches!(next, "am" | "pm" | "oclock" | "o'clock")
        || after.strip_prefix(':').is_some_and(|minutes| digits(minutes) == 2)
    {
        "#time"
    } else if ends(&["st", "nd", "rd", "th"]) {
        "#date"
    } else if figure.len() == 3 && after.strip_prefix(['-', ' ']).is_some_and(|rest| matches!(digits(rest), 3 | 4)) {
        "#phone"
    } else {
        "#"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.key).collect()
    }

    #[test]
    fn figures_days_codes_and_names_stand_for_their_kind() {
        assert_eq!(keys("Record $500 on INV-1042"), ["record", "#money", "on", "inv-#", "#"]);
        assert_eq!(keys("is Maria Lopez free tomorrow at 10am"), ["is", "#name", "free", "#day", "at", "#time"]);
        assert_eq!(keys("Customers on Fridays"), ["client", "on", "#weekday"]);
    }

    #[test]
    fn a_slip_of_the_thumb_leaves_most_of_the_letters() {
        let (right, wrong) = (features("invoices"), features("invocies"));
        let shared = right.keys().filter(|key| wrong.contains_key(*key)).count();
        assert!(shared >= 4, "{shared}");
        assert!(features("painter").keys().filter(|key| wrong.contains_key(*key)).count() < shared);
    }
}
