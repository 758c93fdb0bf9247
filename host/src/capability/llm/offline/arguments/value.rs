//! One argument from the mentions of a message.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::{Number, Value};

use super::super::dates::Ends;
use super::super::mentions::{Mention, Mentions, Token};
use super::schema::{Kind, in_bounds, kind, options, resolve};
use crate::lexical::words::{stem, stems};

/// Hands out mentions, each to one property.
pub(super) struct Filler<'a> {
    mentions: &'a Mentions,
    names: Vec<Mention>,
    quoted: Vec<String>,
    codes: Vec<String>,
    money: Vec<Mention>,
    numbers: Vec<Mention>,
    times: Vec<String>,
    dates: HashMap<String, NaiveDate>,
}

/// Words of property names, and what they say about the value.
const AMOUNTS: &[&str] =
    &["amount", "total", "price", "cost", "budget", "subtotal", "balance", "payment", "paid", "revenue", "value"];
const LIMITS: &[&str] = &["limit", "top", "max", "count", "first"];
const ABOVE: &[&str] = &["over", "above", "more", "least", "exceeding"];
const BELOW: &[&str] = &["under", "below", "less", "most"];
const PEOPLE: &[&str] = &["client", "customer", "contact", "supplier", "person", "company", "assigned", "assignee"];
const TITLES: &[&str] = &["title", "subject", "name"];
const SEARCHES: &[&str] = &["query", "search", "term", "keyword", "keywords", "text", "q"];
const NUMBERS: &[&str] = &["number", "reference", "code", "no"];
const DATE_WORDS: &[&str] = &["date", "at", "from", "to", "start", "end", "since", "until", "before", "after"];
const STARTS: &[&str] = &["from", "start", "since", "after", "begin"];
const STOPS: &[&str] = &["to", "end", "until", "before", "through"];

impl<'a> Filler<'a> {
    pub(super) fn new(mentions: &'a Mentions) -> Self {
        Self {
            names: mentions.names.clone(),
            quoted: mentions.quoted.clone(),
            codes: mentions.codes.clone(),
            money: mentions.money.clone(),
            numbers: mentions.numbers.clone(),
            times: mentions.times.clone(),
            dates: HashMap::new(),
            mentions,
        }
    }

    /// The order in which properties choose: amounts that the message calls by their name, then people before titles
    /// before searches.
    pub(super) fn rank(&self, name: &str, kind: Kind) -> usize {
        let is = |words: &[&str]| has(name, words);
        match kind {
            Kind::Number | Kind::Integer | Kind::Text if is(AMOUNTS) && self.calls(name) => 0,
            Kind::Text if is(PEOPLE) => 1,
            Kind::Number | Kind::Integer if is(&["total"]) => 1,
            Kind::Text if is(NUMBERS) => 2,
            Kind::Text if is(TITLES) => 3,
            Kind::Text if is(SEARCHES) => 4,
            Kind::Integer if is(LIMITS) => 1,
            _ => 5,
        }
    }

    /// Whether the message says what tells an amount from others: "discount" of `discount_amount`.
    fn calls(&self, name: &str) -> bool {
        let mut own = parts(name).filter(|part| *part != "amount").peekable();
        own.peek().is_some() && own.all(|part| self.mentions.stems.contains(&stem(part)))
    }

    /// Decides which date property gets which day or end of a period.
    pub(super) fn dates_of(&mut self, listed: &[(&str, &Value)], required: &[&str]) {
        let dated = |(name, schema): &&(&str, &Value)| {
            let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
            format.starts_with("date")
                || (schema.get("format").is_none() && has(name, &["date"]) && options(schema, schema).is_empty())
        };
        let names: Vec<&str> = listed.iter().filter(dated).map(|(name, _)| *name).collect();
        // Of "issue date from" and "due date from", the one whose word the message says.
        let said = |name: &&&str| {
            parts(name).filter(|part| !DATE_WORDS.contains(part)).any(|part| self.mentions.stems.contains(&stem(part)))
        };
        let bound = |words: &[&str]| {
            let mut bounds = names.iter().filter(|name| has(name, words));
            bounds.clone().find(said).or_else(|| bounds.next()).copied()
        };
        let (start, end) = (bound(STARTS), bound(STOPS));
        let meant = names.iter().find(said).copied();
        // A period that an option names is not given a second time as two dates.
        let spans: Vec<_> = self
            .mentions
            .spans
            .iter()
            .filter(|span| {
                let text: Vec<&str> =
                    self.mentions.tokens[span.tokens.clone()].iter().map(|token| token.lower.as_str()).collect();
                let text = text.join("_");
                !listed.iter().any(|(_, schema)| options(schema, schema).contains(&text))
            })
            .collect();
        let mut set = |name: Option<&str>, date| {
            if let Some(name) = name {
                self.dates.entry(name.to_owned()).or_insert(date);
            }
        };
        for span in spans {
            let single = span.start == span.end && span.ends == Ends::Both;
            let before = span.tokens.start.checked_sub(1).map(|at| stem(&self.mentions.tokens[at].lower));
            let before = match before.as_deref() {
                // "due on Friday": the word before the preposition tells which date it is.
                Some("on" | "by" | "in" | "for" | "to" | "until") => {
                    span.tokens.start.checked_sub(2).map(|at| stem(&self.mentions.tokens[at].lower))
                }
                other => other.map(str::to_owned),
            };
            let called =
                before.and_then(|word| names.iter().find(|name| parts(name).any(|part| stem(part) == word)).copied());
            let day = || {
                called
                    .or(meant.filter(|name| !has(name, STARTS) && !has(name, STOPS)))
                    .or_else(|| names.iter().find(|name| required.contains(name)).copied())
            };
            match span.ends {
                Ends::From => set(start, span.start),
                Ends::Until if end.is_some() => set(end, span.end),
                _ if single || span.ends == Ends::Until => {
                    match day().or(Some(&names[..]).filter(|n| n.len() == 1).map(|n| n[0])) {
                        Some(name) => set(Some(name), span.start),
                        None => {
                            set(start, span.start);
                            set(end, span.end);
                        }
                    }
                }
                _ => {
                    set(start, span.start);
                    set(end, span.end);
                }
            }
        }
    }

    /// The value of a property, if the message has one for it.
    pub(super) fn value(&mut self, root: &Value, name: &str, schema: &Value, needed: bool) -> Option<Value> {
        let kind = kind(root, schema);
        let allowed = options(root, schema);
        if has(name, &["order", "sort"])
            && !self.mentions.stems.iter().any(|word| matches!(word.as_str(), "sort" | "order"))
        {
            return None;
        }
        if !allowed.is_empty() {
            let mut chosen: Vec<Value> = self.named_options(&allowed).into_iter().map(Value::String).collect();
            return match kind {
                Kind::Array => (!chosen.is_empty()).then_some(Value::Array(chosen)),
                _ => (!chosen.is_empty()).then(|| chosen.remove(0)),
            };
        }
        match kind {
            Kind::Boolean => self.boolean(name),
            Kind::Integer | Kind::Number => {
                let text = self.number(name, kind, needed)?;
                let number: Number = serde_json::from_str(&text).ok()?;
                in_bounds(schema, number.as_f64()?).then_some(Value::Number(number))
            }
            Kind::Text => self.text(name, schema, needed).map(Value::String),
            Kind::Array => {
                let items = resolve(root, schema.get("items")?);
                let plain = matches!(super::schema::kind(root, items), Kind::Text | Kind::Integer | Kind::Number);
                let member = plain.then(|| self.value(root, name, items, needed)).flatten()?;
                Some(Value::Array(vec![member]))
            }
            Kind::Object | Kind::Unknown => None,
        }
    }

    /// The options whose words the message holds in a row and doesn't deny, in the order of the message.
    fn named_options(&self, allowed: &[String]) -> Vec<String> {
        let said = &self.mentions.stems;
        let mut found: Vec<(usize, usize, &String)> = Vec::new();
        for option in allowed {
            let wanted: Vec<String> = stems(&option.replace(['_', '-'], " "));
            if wanted.is_empty() {
                continue;
            }
            let said: Vec<String> =
                said.iter().map(|word| stems(word).into_iter().next().unwrap_or_default()).collect();
            let Some(at) = said.windows(wanted.len()).position(|window| window == wanted) else { continue };
            let denied = said[at.saturating_sub(2)..at]
                .iter()
                .any(|word| matches!(word.as_str(), "not" | "isn't" | "aren't" | "never" | "except" | "without"));
            if !denied {
                found.push((at, wanted.len(), option));
            }
        }
        // "follow-up" beats "follow" where both are said.
        let longest: Vec<(usize, usize)> = found.iter().map(|(at, length, _)| (*at, *length)).collect();
        found.retain(|(at, length, _)| {
            !longest.iter().any(|(other, more)| more > length && (*other..other + more).contains(at))
        });
        found.sort_by_key(|(at, _, _)| *at);
        found.into_iter().map(|(_, _, option)| option.clone()).collect()
    }

    /// True when the message says the words of the property's name.
    fn boolean(&self, name: &str) -> Option<Value> {
        let wanted: Vec<String> = parts(name)
            .filter(|part| !["only", "include", "is", "has", "with", "show"].contains(part))
            .map(stem)
            .collect();
        let at = |word: &String| self.mentions.stems.iter().position(|said| said == word);
        let first = wanted.first().and_then(at)?;
        wanted.iter().all(|word| at(word).is_some()).then(|| {
            let denied = self.mentions.stems[first.saturating_sub(2)..first]
                .iter()
                .any(|w| matches!(w.as_str(), "not" | "no" | "without" | "except"));
            Value::Bool(!denied)
        })
    }

    fn number(&mut self, name: &str, kind: Kind, needed: bool) -> Option<String> {
        if let Some(unit) = parts(name).find_map(super::super::dates::unit_days) {
            let duration = self.mentions.durations.first()?;
            return Some((duration.days / unit).max(1).to_string());
        }
        if kind == Kind::Integer && has(name, LIMITS) {
            const BEFORE: &[&str] = &["top", "first", "last", "only", "newest", "latest", "biggest", "largest"];
            let at = self.numbers.iter().position(|number| {
                let before = number.at.checked_sub(1).map(|at| self.mentions.tokens[at].lower.as_str());
                let after = self.mentions.tokens.get(number.at + 1).map_or("", |token| token.lower.as_str());
                before.is_some_and(|word| BEFORE.contains(&word)) && super::super::dates::unit_days(after).is_none()
            })?;
            return Some(self.numbers.remove(at).text);
        }
        if let Some(percent) = self.mentions.percents.first().filter(|_| has(name, &["percent", "percentage", "rate"]))
        {
            return Some(percent.text.clone());
        }
        if let Some(amount) = self.amount(name) {
            return Some(amount);
        }
        // "4 stars", "rating of 4": a number beside a word of the property's name.
        let whole = |number: &Mention| kind == Kind::Number || !number.text.contains('.');
        let near = |number: &Mention| {
            let around = number.at.saturating_sub(2)..(number.at + 2).min(self.mentions.tokens.len());
            self.mentions.tokens[around].iter().any(|token| parts(name).any(|part| stem(part) == stem(&token.lower)))
        };
        let at = self.numbers.iter().position(|number| whole(number) && near(number));
        // One number, and one property that can't do without: they belong together.
        let at = at.or_else(|| (needed && self.numbers.len() == 1 && whole(&self.numbers[0])).then_some(0))?;
        Some(self.numbers.remove(at).text)
    }

    fn amount(&mut self, name: &str) -> Option<String> {
        if !has(name, AMOUNTS) || self.money.is_empty() {
            return None;
        }
        let tokens = &self.mentions.tokens;
        let before = |money: &Mention, count: usize| &tokens[money.at.saturating_sub(count)..money.at];
        let bound = [("min", ABOVE), ("max", BELOW)].into_iter().find(|(word, _)| has(name, &[*word]));
        let at = match bound {
            // "over $2,000" is a bound, "$2,000" alone isn't.
            Some((_, words)) => {
                let compares = |token: &Token| words.contains(&token.lower.as_str());
                self.money.iter().position(|money| before(money, 2).iter().any(compares))?
            }
            None => {
                let named = |token: &Token| parts(name).any(|part| stem(part) == stem(&token.lower));
                self.money.iter().position(|money| before(money, 2).iter().any(named)).unwrap_or(0)
            }
        };
        Some(self.money.remove(at).text)
    }

    fn text(&mut self, name: &str, schema: &Value, needed: bool) -> Option<String> {
        let is = |words: &[&str]| has(name, words);
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        if let Some(date) = self.dates.get(name) {
            return Some(match format {
                "date-time" => format!("{date}T00:00:00Z"),
                _ => date.to_string(),
            });
        }
        match format {
            "uuid" => return self.mentions.uuids.first().cloned(),
            "email" => return self.mentions.emails.first().cloned(),
            "time" | "partial-time" => return pop(&mut self.times).map(|time| format!("{time}:00")),
            "date" | "date-time" => return None,
            _ => {}
        }
        if super::is_id(name) {
            return self.mentions.uuids.first().cloned();
        }
        if is(&["date"]) {
            return None;
        }
        if is(&["email"]) {
            return self.mentions.emails.first().cloned();
        }
        if is(&["phone", "mobile"]) {
            return self.mentions.phones.first().cloned();
        }
        if is(&["time"]) {
            return pop(&mut self.times);
        }
        if is(AMOUNTS) {
            let alone = needed && self.money.is_empty() && self.numbers.len() == 1;
            return self.amount(name).or_else(|| alone.then(|| self.numbers.remove(0).text));
        }
        if is(NUMBERS) {
            return pop(&mut self.codes);
        }
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        if needed
            && !is(TITLES)
            && !is(SEARCHES)
            && ["its ", "the id", "the number"].iter().any(|words| description.contains(words))
        {
            return self.reference(name, &description);
        }
        if is(PEOPLE) {
            return self.name().or_else(|| self.mentions.topic.clone().filter(|_| needed));
        }
        if is(TITLES) || (needed && is(&["description"])) {
            let said = pop(&mut self.quoted).or_else(|| self.name());
            return said.or_else(|| self.mentions.topic.clone().filter(|_| needed));
        }
        if is(SEARCHES) {
            let said = pop(&mut self.quoted).or_else(|| self.name()).or_else(|| pop(&mut self.codes));
            return said.or_else(|| self.mentions.topic.clone());
        }
        if is(&["notes", "note", "message", "content", "body", "description", "reason", "comment"]) {
            return pop(&mut self.quoted);
        }
        if is(&["city", "address", "location"]) {
            let tokens = &self.mentions.tokens;
            let at = self
                .names
                .iter()
                .position(|name| name.at > 0 && matches!(tokens[name.at - 1].lower.as_str(), "in" | "at"))?;
            return Some(self.names.remove(at).text);
        }
        None
    }

    /// Which row is meant: the description says by what a row is known.
    fn reference(&mut self, name: &str, description: &str) -> Option<String> {
        if let Some(id) = self.mentions.uuids.first() {
            return Some(id.clone());
        }
        if description.contains("name") || description.contains("title") {
            return pop(&mut self.quoted).or_else(|| self.name());
        }
        // "invoice 1042", but not "top 5 invoices".
        let called = |at: usize| {
            let word = stem(&self.mentions.tokens[at].lower);
            word == "number" || parts(name).any(|part| stem(part) == word)
        };
        let plain = |number: &Mention| {
            number.text.chars().all(|c| c.is_ascii_digit()) && number.at.checked_sub(1).is_some_and(called)
        };
        let code = pop(&mut self.codes).or_else(|| {
            let at = self.numbers.iter().position(plain)?;
            Some(self.numbers.remove(at).text)
        });
        let called = || description.contains("called").then(|| pop(&mut self.quoted).or_else(|| self.name())).flatten();
        code.or_else(called)
    }

    /// Whether a value of this property is a name, a code or a quote.
    pub(super) fn is_text(&self, root: &Value, name: &str, schema: &Value) -> bool {
        let dated = schema.get("format").is_some() || self.dates.contains_key(name);
        !options(root, schema).is_empty() || (kind(root, schema) == Kind::Text && !dated)
    }

    fn name(&mut self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.remove(0).text)
    }
}

fn pop(list: &mut Vec<String>) -> Option<String> {
    (!list.is_empty()).then(|| list.remove(0))
}

/// The words of a property's name.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').filter(|part| !part.is_empty())
}

fn has(name: &str, words: &[&str]) -> bool {
    parts(name).any(|part| words.contains(&part))
}
