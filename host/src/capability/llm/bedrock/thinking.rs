//! Leaves out what a model writes between `<thinking>` and `</thinking>`, wherever the deltas cut it.

const OPEN: &str = "<thinking>";
const CLOSE: &str = "</thinking>";

/// One text block's filter.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    /// Text that may turn out to be part of a tag.
    held: String,
    inside: bool,
    spoke: bool,
}

impl Thinking {
    /// Takes the next delta and gives what of the text so far may be shown.
    pub(super) fn push(&mut self, delta: &str) -> String {
        self.held.push_str(delta);
        let mut shown = String::new();
        loop {
            let tag = if self.inside { CLOSE } else { OPEN };
            let found = self.held.find(tag);
            let ready = found.unwrap_or_else(|| self.held.len() - partial(&self.held, tag));
            let text: String = self.held.drain(..ready).collect();
            if !self.inside {
                shown.push_str(&text);
            }
            if found.is_none() {
                return self.trim(shown);
            }
            self.held.drain(..tag.len());
            self.inside = !self.inside;
        }
    }

    /// The text that was held back when the block ends.
    pub(super) fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.inside { String::new() } else { self.trim(held) }
    }

    /// A block doesn't begin with the empty lines that followed a thought.
    fn trim(&mut self, text: String) -> String {
        let text = if self.spoke { text } else { text.trim_start().to_owned() };
        self.spoke |= !text.is_empty();
        text
    }
}

/// How many bytes at the end of the text are the beginning of the tag.
fn partial(text: &str, tag: &str) -> usize {
    (1..tag.len()).rev().find(|&length| text.ends_with(&tag[..length])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filter<'a>(deltas: impl IntoIterator<Item = &'a str>) -> String {
        let mut thinking = Thinking::default();
        let mut shown: String = deltas.into_iter().map(|delta| thinking.push(delta)).collect();
        shown.push_str(&thinking.finish());
        shown
    }

    #[test]
    fn thoughts_are_left_out() {
        assert_eq!(filter(["<thinking>Let me see.</thinking>\n\nYou have 3."]), "You have 3.");
        assert_eq!(filter(["A<thinking>b</thinking>C<thinking>d</thinking>E"]), "ACE");
    }

    #[test]
    fn a_thought_that_never_ends_is_left_out() {
        assert_eq!(filter(["Yes. <thinking>but then", " again </think"]), "Yes. ");
    }

    #[test]
    fn what_only_looks_like_a_tag_is_kept() {
        assert_eq!(filter(["1 < 2 and <think", "ers> are <thin"]), "1 < 2 and <thinkers> are <thin");
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_deltas_cut(cuts in proptest::collection::vec(0usize..60, 0..8)) {
            let text = "Hello <thinking>so, é <thin </thinking>world <thinking>x</thinking>!";
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.push(0);
            cuts.push(text.len());
            cuts.sort_unstable();
            prop_assert_eq!(filter(cuts.windows(2).map(|pair| &text[pair[0]..pair[1]])), "Hello world !");
        }
    }
}
