//! PostgREST's notation of filters, read as its own parser (`QueryParams.hs`) does. Shares nothing with the renderer.

use percent_encoding::percent_decode_str;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub(super) column: String,
    pub(super) negated: bool,
    pub(super) operator: String,
    pub(super) operand: Operand,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Null,
    Text(String),
    List(Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Leaf(Leaf),
    And(Vec<Tree>),
    Or(Vec<Tree>),
}

/// The parameters of a query string; `+` is a space.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    };
    query.split('&').map(pair).collect()
}

/// The filter of a parameter of its own.
pub(super) fn filter(column: &str, value: &str) -> Leaf {
    let mut input = Input(value);
    let leaf = operation(column.to_owned(), &mut input, false);
    assert_eq!(input.0, "", "left over");
    leaf
}

/// The tree of an `and` or `or` parameter. What follows its closing parenthesis is not read.
pub(super) fn tree(name: &str, value: &str) -> Tree {
    let mut input = Input(value);
    group(name, &mut input)
}

struct Input<'a>(&'a str);

impl<'a> Input<'a> {
    fn take(&mut self, prefix: &str) -> bool {
        match self.0.strip_prefix(prefix) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn lexeme(&mut self, token: &str) -> bool {
        self.spaces();
        let taken = self.take(token);
        self.spaces();
        taken
    }

    fn until(&mut self, ends: &[char]) -> &'a str {
        let (found, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
        self.0 = rest;
        found
    }

    /// `"…"` with `\` before any character, if the value ends there.
    fn quoted(&mut self) -> Option<String> {
        let mut characters = self.0.strip_prefix('"')?.char_indices();
        let mut text = String::new();
        loop {
            match characters.next()? {
                (_, '\\') => text.push(characters.next()?.1),
                (at, '"') => {
                    let rest = &self.0[at + 2..];
                    let ended = rest.is_empty() || rest.starts_with([',', ')']);
                    return ended.then(|| {
                        self.0 = rest;
                        text
                    });
                }
                (_, character) => text.push(character),
            }
        }
    }
}

fn operation(column: String, input: &mut Input<'_>, in_tree: bool) -> Leaf {
    let negated = input.take("not.");
    let operator = input.until(&['.', '(']).to_owned();
    assert!(input.take("."), "a quantifier or nothing after {operator}");
    let operand = match operator.as_str() {
        "in" => {
            assert!(input.lexeme("("), "no list");
            let mut members = vec![member(input)];
            while input.take(",") {
                members.push(member(input));
            }
            assert!(input.lexeme(")"), "a list without an end");
            Operand::List(members)
        }
        "is" => {
            assert!(input.take("null"), "is something else");
            Operand::Null
        }
        _ if in_tree => Operand::Text(input.quoted().unwrap_or_else(|| input.until(&[',', ')']).to_owned())),
        _ => Operand::Text(std::mem::take(&mut input.0).to_owned()),
    };
    Leaf { column, negated, operator, operand }
}

fn member(input: &mut Input<'_>) -> String {
    input.quoted().unwrap_or_else(|| input.until(&[',', ')']).to_owned())
}

fn group(name: &str, input: &mut Input<'_>) -> Tree {
    assert!(input.lexeme("("), "no group");
    let mut members = vec![branch(input)];
    while input.lexeme(",") {
        members.push(branch(input));
    }
    assert!(input.lexeme(")"), "a group without an end");
    match name {
        "or" => Tree::Or(members),
        _ => Tree::And(members),
    }
}

fn branch(input: &mut Input<'_>) -> Tree {
    for name in ["and", "or"] {
        if let Some(rest) = input.0.strip_prefix(name).filter(|rest| rest.starts_with('(')) {
            input.0 = rest;
            return group(name, input);
        }
    }
    let column = input.until(&['.']).to_owned();
    assert!(input.take("."), "no operator");
    Tree::Leaf(operation(column, input, true))
}

#[derive(Debug, PartialEq)]
pub(super) enum Symbol {
    Any,
    One,
    Is(char),
}

/// An operand of `like`, as PostgREST (`*` becomes `%`) and then PostgreSQL read it.
pub(super) fn pattern(operand: &str) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    let mut characters = operand.chars().map(|c| if c == '*' { '%' } else { c });
    while let Some(character) = characters.next() {
        symbols.push(match character {
            '%' => Symbol::Any,
            '_' => Symbol::One,
            '\\' => Symbol::Is(characters.next().expect("a pattern must not end with an escape")),
            other => Symbol::Is(other),
        });
    }
    symbols
}

/// A pattern of the contract: `*` is any characters, all else itself.
pub(super) fn wildcards(pattern: &str) -> Vec<Symbol> {
    pattern.chars().map(|c| if c == '*' { Symbol::Any } else { Symbol::Is(c) }).collect()
}

/// PostgreSQL's array of texts, `{"a","b"}`.
pub(super) fn array(literal: &str) -> Option<Vec<String>> {
    let mut input = Input(literal.strip_prefix('{')?.strip_suffix('}')?);
    let mut members = Vec::new();
    while !input.0.is_empty() {
        members.push(input.quoted()?);
        if !input.0.is_empty() && !input.take(",") {
            return None;
        }
    }
    Some(members)
}
