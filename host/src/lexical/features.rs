//! What of a text is compared: its words, the kinds of figures in it, and which words stand next to each other.

use super::typo::is_slip;
use super::words::{is_of_the_trade, is_temporal, known_stem, normal, terms, words};

/// Something that two texts may share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Feature {
    /// A stem, a kind of figure such as `#money`, or two of these with a space between.
    pub(super) key: String,
    pub(super) kind: Kind,
}

/// How much a feature says of the topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word of its own.
    Word,
    /// A word that people say about anything.
    Light,
    /// A word of the trade that is said about all of its business.
    Trade,
    /// The name of somebody or something.
    Name,
    /// The first word, capitalised: a word as any other, or else a name.
    Opening,
    /// A word of time, or a kind of figure.
    Frame,
    /// Two words next to each other.
    Pair,
    /// Two words next to each other, one of them a [`Kind::Frame`].
    FramePair,
}

/// The features of a text, each once.
pub(super) fn features(text: &str) -> Vec<Feature> {
    let mut found: Vec<Feature> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let opening = words(text).into_iter().next().filter(|word| word.text.starts_with(char::is_uppercase));
    let opening = opening.map(|word| known_stem(&normal(word.text)));
    for term in terms(text).into_iter().filter(|term| !term.temporal) {
        let kind = match () {
            // A code such as INV-1042 is one, too: where its kind is unknown it says nothing.
            () if term.proper => Kind::Name,
            () if is_of_the_trade(&term.stem) => Kind::Trade,
            () if term.light => Kind::Light,
            () if opening.as_ref() == Some(&term.stem) => Kind::Opening,
            () => Kind::Word,
        };
        if kind == Kind::Name {
            names.push(term.stem.clone());
        }
        found.push(Feature { key: term.stem, kind });
    }
    let sequence = sequence(text);
    for (key, frame) in &sequence {
        if *frame && key != "#" {
            found.push(Feature { key: key.clone(), kind: Kind::Frame });
        }
    }
    for pair in sequence.windows(2) {
        let [(one, one_frames), (other, other_frames)] = pair else { continue };
        if !names.contains(one) && !names.contains(other) {
            let kind = if *one_frames || *other_frames { Kind::FramePair } else { Kind::Pair };
            found.push(Feature { key: format!("{one} {other}"), kind });
        }
    }
    let mut distinct: Vec<Feature> = Vec::with_capacity(found.len());
    for feature in found {
        match distinct.iter_mut().find(|known| known.key == feature.key) {
            // Capitalised once and not another time: a word after all.
            Some(known) if known.kind == Kind::Name => known.kind = feature.kind,
            Some(_) => {}
            None => distinct.push(feature),
        }
    }
    distinct
}

/// Every word of a text as a stem, or the kind of figure or day it is; with it whether it is one of these or of time.
fn sequence(text: &str) -> Vec<(String, bool)> {
    let words = words(text);
    let said: Vec<String> = words.iter().map(|word| normal(word.text)).collect();
    let mut sequence = Vec::with_capacity(said.len());
    for (at, word) in words.iter().enumerate() {
        let plain = said[at].as_str();
        let next = said.get(at + 1).map_or("", String::as_str);
        if let Some(kind) = day(plain) {
            sequence.push((kind.to_owned(), true));
        } else if plain.starts_with(|c: char| c.is_ascii_digit()) {
            let (before, after) = (&text[..word.start], &text[word.start + word.text.len()..]);
            sequence.push((figure(before, plain, after, next).to_owned(), true));
        } else {
            sequence.push((known_stem(plain), is_temporal(plain)));
        }
    }
    sequence
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
    let is = |name: &str| name == word || name == one || is_slip(name, word);
    DAYS.iter().find(|(_, names)| names.iter().any(|name| is(name))).map(|(kind, _)| *kind)
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
