//! Words of English text: split, lower-cased, stemmed, and without those that carry no meaning.
//!
//! The stemmer is a few suffix rules. It need not find dictionary stems, only bring the forms of one word together.

/// A meaningful word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The word's stem, with a common synonym put in its place.
    pub stem: String,
    /// Whether it is about time ("week", "yesterday").
    pub temporal: bool,
    /// Whether it looks like somebody's name: capitalised inside a sentence.
    pub proper: bool,
}

/// A word as it was written, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word, apostrophes and inner dashes included.
    pub text: &'a str,
    /// Its first byte in the text.
    pub start: usize,
}

/// The words of a text: runs of letters and digits, joined by single apostrophes.
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let inside = c.is_alphanumeric()
            || (matches!(c, '\'' | '’') && start.is_some() && chars.peek().is_some_and(|(_, n)| n.is_alphanumeric()));
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push(Word { text: &text[from..at], start: from });
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        found.push(Word { text: &text[from..], start: from });
    }
    found
}

/// The meaningful words of a text, in order, without numbers. A code such as `INV-1042` stands as `inv-#`.
pub fn terms(text: &str) -> Vec<Term> {
    let mut found = Vec::new();
    for word in words(text) {
        let plain = normal(word.text);
        let code = begins_code(text, word);
        if code && plain.len() > 1 {
            // `INV-1042` and `INV-1038` are codes of one kind; which one doesn't matter.
            found.push(Term { stem: format!("{plain}-#"), temporal: false, proper: true });
        }
        if code || plain.is_empty() || plain.chars().any(char::is_numeric) || STOP.contains(&&*plain) {
            continue;
        }
        found.push(Term {
            temporal: TEMPORAL.contains(&&*plain),
            stem: known_stem(&plain),
            proper: is_name(text, word),
        });
    }
    found
}

/// Whether a word of a text is the letters of a code such as `INV-1042`.
pub(super) fn begins_code(text: &str, word: Word<'_>) -> bool {
    let after = &text[word.start + word.text.len()..];
    after.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a word of a text looks like somebody's name: capitalised inside a sentence.
pub(super) fn is_name(text: &str, word: Word<'_>) -> bool {
    let before = text[..word.start].trim_end_matches([' ', '(', '\'', '’']);
    let sentence_start = before.is_empty() || before.ends_with(['.', '!', '?', '\n', ':', '"', '“']);
    let capitalised = word.text.starts_with(char::is_uppercase);
    let shouted = word.text.chars().count() > 1 && !word.text.chars().any(char::is_lowercase);
    capitalised && !sentence_start && !shouted && !STOP.contains(&&*normal(word.text))
}

/// The stems of all words of a text, numbers and small words included, for finding phrases.
pub fn stems(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| synonym(stem(&normal(word.text)))).collect()
}

/// A word in lower case, its possessive removed.
pub fn normal(word: &str) -> String {
    let lower = word.to_lowercase().replace('’', "'");
    let full = CONTRACTIONS.iter().find(|(short, _)| *short == lower).map_or(lower.as_str(), |(_, full)| full);
    full.strip_suffix("'s").unwrap_or(full).to_owned()
}

/// The stem of a word in lower case.
pub fn stem(word: &str) -> String {
    if word.len() < 4 || !word.is_ascii() {
        return word.to_owned();
    }
    let mut stem = plural(word);
    for (suffix, replacement) in [("ation", "ate"), ("ing", ""), ("edly", ""), ("ed", ""), ("ment", ""), ("ly", "")] {
        let Some(base) = stem.strip_suffix(suffix) else { continue };
        if base.len() < 3 || !base.contains(['a', 'e', 'i', 'o', 'u', 'y']) {
            continue;
        }
        stem = format!("{}{replacement}", undouble(base));
        break;
    }
    if stem.len() > 4 && stem.ends_with('e') {
        stem.pop();
    }
    if stem.len() > 3 && stem.ends_with('y') && !stem.ends_with("ay") && !stem.ends_with("ey") {
        stem.pop();
        stem.push('i');
    }
    stem
}

fn plural(word: &str) -> String {
    if let Some(base) = word.strip_suffix("ies") {
        return if base.len() > 2 { format!("{base}y") } else { format!("{base}ie") };
    }
    for suffix in ["sses", "shes", "ches", "xes"] {
        if word.ends_with(suffix) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(base) if !base.ends_with(['s', 'u', 'i']) => base.to_owned(),
        _ => word.to_owned(),
    }
}

fn undouble(base: &str) -> &str {
    let bytes = base.as_bytes();
    match bytes {
        [.., a, b] if a == b && !matches!(b, b'l' | b's' | b'e' | b'o') => &base[..base.len() - 1],
        _ => base,
    }
}

/// Everyday words for the same thing, as stems. The first of each line stands for all.
const SYNONYMS: &[&[&str]] = &[
    &["client", "customer"],
    &["overdu", "late"],
    &["revenu", "incom", "earn", "turnov"],
    &["owe", "ow", "outstand"],
    &["invoic", "bill"],
    &["project", "job"],
    &["task", "todo"],
    &["proposal", "quote", "bid"],
    &["creat", "add", "new"],
    &["updat", "chang", "edit", "modifi"],
    &["delet", "remov", "eras"],
    &["phon", "telephon", "mobil"],
    &["age", "aging"],
];

/// A word in lower case as [`Term::stem`] has it.
pub(super) fn known_stem(word: &str) -> String {
    synonym(stem(word))
}

fn synonym(stem: String) -> String {
    SYNONYMS.iter().find(|line| line.contains(&&*stem)).map_or(stem, |line| line[0].to_owned())
}

/// Contractions as they are typed in a hurry, where they can't be another word.
#[rustfmt::skip]
const CONTRACTIONS: &[(&str, &str)] = &[
    ("arent", "aren't"), ("cant", "can't"), ("couldnt", "couldn't"), ("didnt", "didn't"), ("doesnt", "doesn't"),
    ("dont", "don't"), ("hadnt", "hadn't"), ("hasnt", "hasn't"), ("havent", "haven't"), ("hes", "he's"),
    ("hows", "how's"), ("im", "i'm"), ("isnt", "isn't"), ("ive", "i've"), ("lets", "let's"), ("shes", "she's"),
    ("shouldnt", "shouldn't"), ("thats", "that's"), ("theres", "there's"), ("theyre", "they're"), ("wasnt", "wasn't"),
    ("werent", "weren't"), ("weve", "we've"), ("whats", "what's"), ("wheres", "where's"), ("whos", "who's"),
    ("wont", "won't"), ("wouldnt", "wouldn't"), ("youre", "you're"),
];

/// Words that say nothing about the topic. Contractions stand without their possessive.
#[rustfmt::skip]
const STOP: &[&str] = &[
    "a", "about", "actually", "again", "all", "almost", "already", "alright", "also", "always", "am", "an", "and",
    "another", "any", "anybody", "anyone", "anything", "are", "aren't", "around", "as", "at", "awesome", "back", "be",
    "because", "been", "before", "being", "between", "bit", "both", "but", "by", "bye", "came", "can", "can't",
    "cheers", "come", "comes", "cool", "could", "couldn't", "did", "didn't", "display", "do", "does", "doesn't",
    "don't", "down", "each", "else", "even", "ever", "every", "everybody", "everyone", "everything", "find", "folks",
    "for", "from", "get", "give", "go", "goes", "going", "gone", "gonna", "good", "got", "gotta", "great", "guess",
    "had", "hadn't", "has", "hasn't", "have", "haven't", "he", "hello", "help", "her", "here", "hey", "hi", "him",
    "himself", "his", "how", "i", "i'd", "i'll", "i'm", "i've", "if", "in", "into", "is", "isn't", "it", "its",
    "just", "keep", "kinda", "later", "let", "let's", "like", "list", "look", "lot", "lots", "many", "may", "maybe",
    "me", "money", "more", "most", "much", "must", "my", "myself", "need", "never", "no", "not", "nothing", "now",
    "of", "off", "often", "ok", "okay", "on", "one", "only", "or", "other", "our", "ourselves", "out", "over",
    "people", "perfect", "please", "pls", "plz", "ppl", "quite", "rather", "real", "really", "right", "same", "see",
    "she", "should", "shouldn't", "show", "so", "some", "somebody", "someone", "something", "still", "stuff", "such",
    "supposed", "sure", "tell", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these",
    "they", "they're", "they've", "thing", "things", "think", "this", "those", "though", "through", "thx", "to",
    "too", "try", "trying", "under", "up", "us", "view", "wanna", "want", "was", "wasn't", "we", "we'll", "we're",
    "we've", "well", "went", "were", "weren't", "what", "when", "where", "which", "while", "who", "whose", "why",
    "will", "with", "within", "without", "won't", "would", "wouldn't", "ya", "yeah", "yep", "yes", "yet", "you",
    "you're", "your",
];

/// Words of time.
#[rustfmt::skip]
const TEMPORAL: &[&str] = &[
    "afternoon", "ago", "apr", "april", "aug", "august", "coming", "current", "currently", "daily", "date", "day",
    "days", "dec", "december", "evening", "feb", "february", "fri", "friday", "hour", "hours", "jan", "january",
    "jul", "july", "jun", "june", "last", "lately", "march", "minute", "minutes", "mon", "monday", "month", "monthly",
    "months", "morning", "next", "night", "noon", "nov", "november", "now", "oct", "october", "past", "previous",
    "quarter", "quarters", "recent", "recently", "saturday", "sep", "sept", "september", "since", "soon", "summer",
    "sunday", "thu", "thurs", "thursday", "time", "times", "today", "tomorrow", "tonight", "tue", "tues", "tuesday",
    "until", "wed", "wednesday", "week", "weekend", "weekends", "weekly", "weeks", "winter", "year", "yearly",
    "years", "yesterday",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_word_share_a_stem() {
        for forms in [
            &["invoice", "invoices", "invoicing", "invoiced"][..],
            &["contact", "contacts", "contacted", "contacting"],
            &["client", "clients", "customer", "customers"],
            &["company", "companies"],
            &["schedule", "scheduled", "schedules", "scheduling"],
            &["plan", "planned", "planning", "plans"],
            &["pay", "payment", "payments", "paying"],
            &["ageing", "aging"],
            &["update", "updates", "updated", "change", "edit"],
        ] {
            let found: Vec<String> = forms.iter().map(|form| synonym(stem(form))).collect();
            assert!(found.iter().all(|stem| *stem == found[0]), "{forms:?} gave {found:?}");
        }
    }

    #[test]
    fn different_words_keep_different_stems() {
        for (one, other) in [("status", "state"), ("paid", "pay"), ("task", "tax"), ("week", "weak"), ("bus", "bu")] {
            assert_ne!(stem(one), stem(other), "{one} and {other}");
        }
    }

    #[test]
    fn small_words_and_numbers_are_left_out_and_codes_keep_their_kind() {
        let found: Vec<String> =
            terms("Show me the 3 Müller invoices, INV-1042!").into_iter().map(|t| t.stem).collect();
        assert_eq!(found, ["müller", "invoic", "inv-#"]);
    }

    #[test]
    fn capitals_inside_a_sentence_are_names() {
        let found = terms("Invoices for John. Payments today");
        let flags: Vec<(&str, bool, bool)> = found.iter().map(|t| (&*t.stem, t.proper, t.temporal)).collect();
        assert_eq!(
            flags,
            [("invoic", false, false), ("john", true, false), ("pay", false, false), ("today", false, true)]
        );
    }
}
