//! What a message mentions: names, numbers, money, dates and the like.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::dates::{self, Span};
use crate::lexical::words::{normal, stem, terms, words};

/// A word between spaces, without the punctuation around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// As written.
    pub(super) text: String,
    /// In lower case, without a possessive.
    pub(super) lower: String,
    /// Whether a sentence or clause begins with it.
    pub(super) first: bool,
}

/// Something found, and the position of its first token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) text: String,
    pub(super) at: usize,
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration {
    pub(super) days: i64,
}

/// Everything a message mentions.
#[derive(Debug)]
pub(super) struct Mentions {
    pub(super) tokens: Vec<Token>,
    /// The stems of its words, for finding phrases.
    pub(super) stems: Vec<String>,
    pub(super) quoted: Vec<String>,
    /// Names of people and things, most likely first.
    pub(super) names: Vec<Mention>,
    /// What the message says it is about: the words after "for" or "called" when no name is there.
    pub(super) topic: Option<String>,
    /// Decimal text without sign and separators.
    pub(super) money: Vec<Mention>,
    /// Plain numbers, also those written as words.
    pub(super) numbers: Vec<Mention>,
    pub(super) percents: Vec<Mention>,
    /// Codes of letters and digits, `INV-1042`.
    pub(super) codes: Vec<String>,
    pub(super) emails: Vec<String>,
    pub(super) phones: Vec<String>,
    pub(super) uuids: Vec<String>,
    /// `HH:MM`, 24 hours.
    pub(super) times: Vec<String>,
    pub(super) spans: Vec<Span>,
    pub(super) durations: Vec<Duration>,
}

impl Mentions {
    /// Reads a message. The vocabulary is what the tool says of itself: its words are not names of anything.
    pub(super) fn find(message: &str, vocabulary: &str, today: NaiveDate) -> Self {
        let quoted = quoted(message);
        let tokens = tokens(message);
        let spans = dates::spans(&tokens, today);
        let dated: HashSet<usize> = spans.iter().flat_map(|span| span.tokens.clone()).collect();
        // Examples hold names too: "Find invoices for John Smith".
        let known = terms(vocabulary).into_iter().filter(|term| !term.proper).map(|term| term.stem).collect();
        let free = |at: usize| !dated.contains(&at);
        let all = |test: fn(&str) -> Option<String>| {
            tokens
                .iter()
                .enumerate()
                .filter(|(at, _)| free(*at))
                .filter_map(move |(at, token)| test(&token.text).map(|text| Mention { text, at }))
                .collect::<Vec<_>>()
        };
        let texts = |mentions: Vec<Mention>| mentions.into_iter().map(|mention| mention.text).collect::<Vec<_>>();
        let mut money = all(money);
        let mut numbers = all(number);
        // "500 dollars" is money without its sign.
        numbers.retain(|number| {
            let unit = tokens.get(number.at + 1).map(|token| token.lower.as_str());
            let is_money = matches!(unit, Some("dollars" | "dollar" | "usd" | "bucks"));
            if is_money {
                money.push(number.clone());
            }
            !is_money
        });
        let shouted = !message.chars().any(char::is_lowercase);
        let names = if shouted { Vec::new() } else { names(&tokens, &known, &dated) };
        Self {
            topic: topic(&tokens, &known, &dated),
            stems: words(message).iter().map(|word| stem(&normal(word.text))).collect(),
            durations: durations(&tokens),
            times: times(&tokens),
            percents: all(percent),
            codes: texts(all(code)),
            emails: texts(all(email)),
            phones: phones(message),
            uuids: texts(all(|text| uuid::Uuid::try_parse(text).ok().map(|id| id.to_string()))),
            quoted,
            names,
            money,
            numbers,
            spans,
            tokens,
        }
    }
}

fn tokens(message: &str) -> Vec<Token> {
    let mut first = true;
    message
        .split_whitespace()
        .filter_map(|raw| {
            let text = raw.trim_matches(|c: char| !(c.is_alphanumeric() || matches!(c, '$' | '#' | '+' | '%' | '&')));
            let begins = first || raw.starts_with(['"', '“']);
            first = raw.ends_with(['.', '!', '?', ':', ';']);
            (!text.is_empty()).then(|| Token { text: text.to_owned(), lower: normal(text), first: begins })
        })
        .collect()
}

fn quoted(message: &str) -> Vec<String> {
    let plain = message.replace(['“', '”'], "\"");
    if plain.matches('"').count() < 2 {
        return Vec::new();
    }
    plain.split('"').skip(1).step_by(2).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

fn decimal(text: &str) -> Option<String> {
    let plain = text.replace(',', "");
    let digits = plain.chars().all(|c| c.is_ascii_digit() || c == '.');
    let edges = plain.starts_with(|c: char| c.is_ascii_digit()) && plain.ends_with(|c: char| c.is_ascii_digit());
    (digits && edges && plain.matches('.').count() <= 1).then_some(plain)
}

fn money(text: &str) -> Option<String> {
    let amount = text.strip_prefix('$')?;
    match amount.strip_suffix(['k', 'K']) {
        Some(thousands) => decimal(thousands).filter(|t| !t.contains('.')).map(|t| format!("{t}000")),
        None => decimal(amount),
    }
}

fn percent(text: &str) -> Option<String> {
    text.strip_suffix('%').and_then(decimal)
}

fn number(text: &str) -> Option<String> {
    decimal(text.trim_end_matches('+')).or_else(|| word_number(&text.to_lowercase()).map(|number| number.to_string()))
}

/// A small number written as a word.
pub(super) fn word_number(word: &str) -> Option<i64> {
    let words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let tens = [("twenty", 20), ("thirty", 30), ("forty", 40), ("fifty", 50), ("sixty", 60), ("ninety", 90)];
    words
        .iter()
        .position(|w| *w == word)
        .map(|at| at as i64 + 1)
        .or_else(|| tens.iter().find(|(name, _)| *name == word).map(|(_, value)| *value))
}

fn code(text: &str) -> Option<String> {
    if let Some(digits) = text.strip_prefix('#') {
        return (!digits.is_empty()).then(|| digits.to_owned());
    }
    let letters = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let shaped =
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && text.contains(|c: char| c.is_ascii_digit());
    (letters && shaped && text.len() >= 4 && uuid::Uuid::try_parse(text).is_err()).then(|| text.to_uppercase())
}

fn email(text: &str) -> Option<String> {
    let (user, host) = text.split_once('@')?;
    (!user.is_empty() && host.contains('.') && !host.contains('@')).then(|| text.to_owned())
}

/// Runs of digits, spaces, dots, dashes and brackets with 10 to 13 digits.
fn phones(message: &str) -> Vec<String> {
    message
        .split(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | ' ')))
        .map(|run| run.trim_matches(|c: char| matches!(c, ' ' | '.' | '-')))
        .filter(|run| {
            let digits = run.chars().filter(char::is_ascii_digit).count();
            // A local number is written 555-0142.
            (10..=13).contains(&digits) || (digits == 7 && run.len() == 8 && run.find(['-', '.', ' ']) == Some(3))
        })
        .map(str::to_owned)
        .collect()
}

fn times(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map_or("", |t| t.lower.as_str());
        let before = at.checked_sub(1).map_or("", |at| tokens[at].lower.as_str());
        let (clock, half) = match token.lower.strip_suffix("pm").or_else(|| token.lower.strip_suffix("am")) {
            Some(clock) => (clock, &token.lower[clock.len()..]),
            None if matches!(next, "am" | "pm") => (token.lower.as_str(), next),
            None if token.lower == "noon" => ("12:00", ""),
            None if token.lower.contains(':') || before == "at" => (token.lower.as_str(), ""),
            None => continue,
        };
        let (hours, minutes) = clock.split_once(':').unwrap_or((clock, "00"));
        let (Ok(hours), Ok(minutes)) = (hours.parse::<u32>(), minutes.parse::<u32>()) else { continue };
        let hours = match half {
            "pm" if hours < 12 => hours + 12,
            "am" if hours == 12 => 0,
            // A painter's "at 3" is in the afternoon.
            "" if !clock.contains(':') && (1..=6).contains(&hours) => hours + 12,
            _ => hours,
        };
        if hours < 24 && minutes < 60 {
            found.push(format!("{hours:02}:{minutes:02}"));
        }
    }
    found
}

fn durations(tokens: &[Token]) -> Vec<Duration> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let (count, unit) = match token.lower.split_once('-') {
            Some((count, unit)) => (count, unit.to_owned()),
            None => (token.lower.as_str(), tokens.get(at + 1).map_or(String::new(), |t| t.lower.clone())),
        };
        let count = match count {
            "a" | "an" => Some(1),
            _ => count.trim_end_matches('+').parse().ok().or_else(|| word_number(count)),
        };
        let Some((count, days)) = count.zip(dates::unit_days(&unit)) else { continue };
        if let Some(days) = i64::checked_mul(count, days).filter(|days| *days > 0) {
            found.push(Duration { days });
        }
    }
    found
}

/// Capitalised words in a row that are neither the beginning of a sentence nor the tool's own words nor a date.
fn names(tokens: &[Token], known: &HashSet<String>, dated: &HashSet<usize>) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    let mut current: Option<Mention> = None;
    for (at, token) in tokens.iter().enumerate() {
        let capital = token.text.chars().next().is_some_and(char::is_uppercase);
        let term = terms(&token.text).into_iter().next();
        let plain = term.is_some_and(|term| !known.contains(&term.stem) && !term.temporal);
        let joins = matches!(token.text.as_str(), "&") && current.is_some();
        let continues = current.is_some() && !token.first;
        // A sentence's first word is capitalised anyway: a name only if the next word is one too.
        let opens = !token.first
            || tokens.get(at + 1).is_some_and(|next| {
                next.text.chars().next().is_some_and(char::is_uppercase) && !super::choose::is_verb(&token.lower)
            });
        let possessive = token.text.ends_with("'s") || token.text.ends_with("’s");
        let text = token.text.trim_end_matches("'s").trim_end_matches("’s");
        if joins || (capital && plain && !dated.contains(&at) && code(text).is_none() && (continues || opens)) {
            match current.as_mut().filter(|_| !token.first) {
                Some(name) => name.text = format!("{} {text}", name.text),
                None => {
                    found.extend(current.take());
                    current = Some(Mention { text: text.to_owned(), at });
                }
            }
            if possessive {
                found.extend(current.take());
            }
        } else {
            found.extend(current.take());
        }
    }
    found.extend(current);
    found
}

fn topic(tokens: &[Token], known: &HashSet<String>, dated: &HashSet<usize>) -> Option<String> {
    const BEFORE: &[&str] = &["for", "called", "named", "titled", "about", "with", "of"];
    const AFTER: &[&str] = &["for", "on", "at", "by", "from", "in", "with", "due", "and", "to", "starting", "before"];
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| BEFORE.contains(&token.lower.as_str())) {
        let said: Vec<&str> = tokens
            .iter()
            .enumerate()
            .skip(at + 1)
            .take_while(|(at, t)| {
                !AFTER.contains(&t.lower.as_str())
                    && !dated.contains(at)
                    && money(&t.text).is_none()
                    && number(&t.text).is_none()
            })
            .map(|(_, token)| token.text.as_str())
            .skip_while(|word| matches!(word.to_lowercase().as_str(), "a" | "an" | "the" | "my" | "our" | "me" | "us"))
            .take(8)
            .collect();
        let meaning = terms(&said.join(" "));
        if meaning.iter().any(|term| !known.contains(&term.stem) && !term.temporal) {
            return Some(said.join(" "));
        }
    }
    None
}
