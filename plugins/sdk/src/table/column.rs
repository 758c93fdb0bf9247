//! Columns of a declared table.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// An amount of money: whole cents, not below zero unless [`Column::range`] says so.
    Money,
    /// An exact decimal number.
    Decimal,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// A calendar date.
    Date,
    /// A time of day, `14:30`.
    Time,
    /// An instant.
    Timestamp,
    /// The id of a row elsewhere.
    Uuid,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of words.
    Tags,
    /// JSON of this JSON Schema, as text.
    Json(&'static str),
}

/// A column of a declared table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) description: &'static str,
    pub(super) required: bool,
    pub(super) read_only: bool,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) unit: Option<&'static str>,
}

/// Longest text a column takes. Notes and terms fit; a pasted document does not.
pub(super) const MAX_TEXT: usize = 10_000;

impl Column {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, description: "", required: false, read_only: false, min: None, max: None, unit: None }
    }

    /// Text.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    /// An amount of money, not below zero.
    pub const fn money(name: &'static str) -> Self {
        Self { min: Some(0), ..Self::new(name, Kind::Money) }
    }

    /// An exact decimal number.
    pub const fn decimal(name: &'static str) -> Self {
        Self::new(name, Kind::Decimal)
    }

    /// A whole number.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, Kind::Integer)
    }

    /// Yes or no.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, Kind::Boolean)
    }

    /// A calendar date.
    pub const fn date(name: &'static str) -> Self {
        Self::new(name, Kind::Date)
    }

    /// A time of day.
    pub const fn time(name: &'static str) -> Self {
        Self::new(name, Kind::Time)
    }

    /// An instant.
    pub const fn timestamp(name: &'static str) -> Self {
        Self::new(name, Kind::Timestamp)
    }

    /// The id of a row elsewhere.
    pub const fn uuid(name: &'static str) -> Self {
        Self::new(name, Kind::Uuid)
    }

    /// One of these words.
    pub const fn one_of(name: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, Kind::OneOf(words))
    }

    /// A list of words.
    pub const fn tags(name: &'static str) -> Self {
        Self::new(name, Kind::Tags)
    }

    /// JSON of this JSON Schema: `{"type":"array",…}`.
    pub const fn json(name: &'static str, schema: &'static str) -> Self {
        Self::new(name, Kind::Json(schema))
    }

    /// Says what it means, for the model.
    pub const fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// A new row must have it.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The declared tools never write it: the database computes it, or another tool does.
    pub const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Numbers from `min` to `max`.
    pub const fn range(self, min: i64, max: i64) -> Self {
        Self { min: Some(min), max: Some(max), ..self }
    }

    /// Numbers from `min`.
    pub const fn at_least(self, min: i64) -> Self {
        Self { min: Some(min), ..self }
    }

    /// A decimal that is shown in the unit that this text column names: dollars as money.
    pub const fn in_unit_of(self, column: &'static str) -> Self {
        Self { unit: Some(column), ..self }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it holds.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the declared tools may write it.
    pub const fn is_writable(&self) -> bool {
        !self.read_only
    }
}
