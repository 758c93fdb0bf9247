//! What a server takes beside what all of them do.

use reqwest::Url;

/// The older name of the answer's limit, which every server but OpenAI's newer models takes.
const OLDER: &str = "max_tokens";

/// The name that OpenAI documents in its place. Ollama does not read it.
const NEWER: &str = "max_completion_tokens";

/// What may be in a request. First by whose server it is; then, as it refuses things, less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What the limit of an answer is called.
    pub(super) limit: &'static str,
    /// Whether the other name was tried. Without this the two could be swapped for ever.
    swapped: bool,
    /// A temperature. OpenAI's reasoning models have none.
    pub(super) temperature: bool,
    /// Usage figures at the end of the stream.
    pub(super) usage: bool,
}

impl Dialect {
    /// By the server's address.
    pub(super) fn of(base_url: &Url) -> Self {
        let host = base_url.host_str().unwrap_or_default();
        let newer = ["api.openai.com", "openai.azure.com"]
            .iter()
            .any(|own| host.strip_suffix(own).is_some_and(|before| before.is_empty() || before.ends_with('.')));
        Self { limit: if newer { NEWER } else { OLDER }, swapped: false, temperature: true, usage: true }
    }

    /// Without what this refusal of a request is about; `None` if that is nothing of it.
    pub(super) fn without_refused(self, refusal: &str) -> Option<Self> {
        let refusal = refusal.to_lowercase();
        let names = |field: &str| refusal.contains(field);
        // A value that is too large is not a field that is unknown.
        let refuses = [
            "unsupported",
            "not support",
            "not permitted",
            "not allowed",
            "deprecated",
            "extra",
            "unexpected",
            "unknown",
            "unrecognized",
        ]
        .iter()
        .any(|word| refusal.contains(word));
        let less = if !refuses {
            self
        } else if names(NEWER) && !self.swapped {
            Self { limit: if self.limit == NEWER { OLDER } else { NEWER }, swapped: true, ..self }
        } else if names("temperature") {
            Self { temperature: false, ..self }
        } else if names("stream_options") || names("include_usage") {
            Self { usage: false, ..self }
        } else {
            self
        };
        (less != self).then_some(less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(base_url: &str) -> Dialect {
        Dialect::of(&Url::parse(base_url).unwrap())
    }

    #[test]
    fn only_openai_is_asked_with_the_newer_name_of_the_limit() {
        for (base_url, limit) in [
            ("https://api.openai.com/v1", NEWER),
            ("https://eu.api.openai.com/v1", NEWER),
            ("https://mine.openai.azure.com/openai/v1", NEWER),
            ("https://notapi.openai.com.example.org/v1", OLDER),
            ("https://myapi.openai.com/v1", OLDER),
            ("http://localhost:11434/v1", OLDER),
        ] {
            assert_eq!(of(base_url).limit, limit, "{base_url}");
        }
    }

    #[test]
    fn what_is_refused_is_left_out_or_renamed_once() {
        let older = of("http://localhost:8000/v1");
        let says = "Unsupported parameter: 'max_tokens' is not supported with this model. \
                    Use 'max_completion_tokens' instead.";
        let newer = older.without_refused(says).unwrap();
        assert_eq!(newer.limit, NEWER);
        assert_eq!(newer.without_refused("body.max_completion_tokens: Extra inputs are not permitted"), None);
        let openai = of("https://api.openai.com/v1");
        assert_eq!(
            openai.without_refused("Unrecognized request argument: max_completion_tokens").unwrap().limit,
            OLDER
        );
        let says = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) is.";
        assert!(!openai.without_refused(says).unwrap().temperature);
        assert!(!openai.without_refused("stream_options: Extra inputs are not permitted").unwrap().usage);
    }

    #[test]
    fn a_value_out_of_range_is_the_callers() {
        let openai = of("https://api.openai.com/v1");
        let says = "max_completion_tokens is too large: 90000. This model supports at most 16384 completion tokens.";
        assert_eq!(openai.without_refused(says), None);
        assert_eq!(openai.without_refused("temperature must be at most 2"), None);
    }
}
