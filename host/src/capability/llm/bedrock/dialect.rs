//! What a model takes beside what all of them do.

/// What may be in a request to a model. First what the service documents for its family, told by the model's id; then,
/// as the model refuses things, less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// A cache point behind the system prompt: what stands before it is read once, and from then on for a tenth of the
    /// price. Where the prompt is shorter than the model caches, it does nothing.
    pub(super) caches_system: bool,
    /// A cache point behind the tools.
    pub(super) caches_tools: bool,
    /// A temperature. The newest models have none.
    pub(super) temperature: bool,
    /// JSON Schemas whose top level is `type`, `properties` and `required`, without references.
    pub(super) plain_schemas: bool,
}

/// Claude models from before cache points.
const WITHOUT_CACHE: [&str; 6] = ["claude-v2", "claude-instant", "-3-haiku", "-3-sonnet", "-3-opus", "-3-5-sonnet"];

impl Dialect {
    /// By a model's id, which may stand in the name of an inference profile (`eu.amazon.nova-lite-v1:0`) or an ARN. An
    /// application's inference profile hides it: such a model gets nothing that not all take.
    pub(super) fn of(model_id: &str) -> Self {
        let nova = model_id.contains("amazon.nova-");
        let claude = model_id.contains("anthropic.claude-") && !WITHOUT_CACHE.iter().any(|old| model_id.contains(old));
        // Nova refuses a cache point among the tools.
        Self { caches_system: nova || claude, caches_tools: claude, temperature: true, plain_schemas: nova }
    }

    /// Without what this refusal of a request is about; `None` if that is nothing of it.
    pub(super) fn without_refused(self, refusal: &str) -> Option<Self> {
        let refusal = refusal.to_lowercase();
        let less = if refusal.contains("cachepoint") || refusal.contains("prompt caching") {
            Self { caches_system: false, caches_tools: false, ..self }
        } else if refusal.contains("temperature") {
            Self { temperature: false, ..self }
        } else {
            self
        };
        (less != self).then_some(less)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_the_id_wherever_it_stands() {
        let caches = |id| (Dialect::of(id).caches_system, Dialect::of(id).caches_tools);
        for (id, expected) in [
            ("amazon.nova-lite-v1:0", (true, false)),
            ("us.amazon.nova-premier-v1:0", (true, false)),
            ("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-2-lite-v1:0", (true, false)),
            ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", (true, true)),
            ("anthropic.claude-3-7-sonnet-20250219-v1:0", (true, true)),
            ("anthropic.claude-3-5-haiku-20241022-v1:0", (true, true)),
            ("anthropic.claude-3-haiku-20240307-v1:0", (false, false)),
            ("anthropic.claude-3-5-sonnet-20240620-v1:0", (false, false)),
            ("meta.llama3-3-70b-instruct-v1:0", (false, false)),
            ("arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3", (false, false)),
        ] {
            assert_eq!(caches(id), expected, "{id}");
        }
        assert!(Dialect::of("us.amazon.nova-lite-v1:0").plain_schemas);
        assert!(!Dialect::of("anthropic.claude-sonnet-4-20250514-v1:0").plain_schemas);
    }

    #[test]
    fn what_is_refused_is_left_out_once() {
        let all = Dialect::of("anthropic.claude-opus-4-7");
        let uncached =
            all.without_refused("#/toolConfig/tools/0: extraneous key [cachePoint] is not permitted").unwrap();
        assert!(!uncached.caches_system && !uncached.caches_tools && uncached.temperature);
        assert_eq!(uncached.without_refused("your request did not allow prompt caching"), None);
        let bare = uncached.without_refused("`temperature` is deprecated for this model.").unwrap();
        assert!(!bare.temperature);
        assert_eq!(all.without_refused("Malformed input request"), None);
    }
}
