//! Leaves out what a model writes between `<thinking>` and `</thinking>`, or `<think>` and `</think>`, wherever the
//! deltas cut it.

/// What a thought begins and ends with: Nova's tags, and those of the open models.
const TAGS: [(&str, &str); 2] = [("<thinking>", "</thinking>"), ("<think>", "</think>")];

/// One text block's filter.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    /// Text that may turn out to be part of a tag.
    held: String,
    /// The tag that ends the thought, within one.
    ends: Option<&'static str>,
    spoke: bool,
}

impl Thinking {
    /// Takes the next delta and gives what of the text so far may be shown.
    pub(super) fn push(&mut self, delta: &str) -> String {
        self.held.push_str(delta);
        let mut shown = String::new();
        loop {
            let found = self.next_tag();
            let ready = found.map_or_else(|| self.held.len() - self.partial(), |(at, ..)| at);
            let text: String = self.held.drain(..ready).collect();
            if self.ends.is_none() {
                shown.push_str(&text);
            }
            let Some((_, tag, ends)) = found else { return self.trim(shown) };
            self.held.drain(..tag.len());
            self.ends = ends;
        }
    }

    /// Where the next tag is that counts here, the tag, and the one that then ends the thought.
    fn next_tag(&self) -> Option<(usize, &'static str, Option<&'static str>)> {
        match self.ends {
            Some(close) => self.held.find(close).map(|at| (at, close, None)),
            None => {
                let found = |(open, close)| self.held.find(open).map(|at| (at, open, Some(close)));
                TAGS.into_iter().filter_map(found).min_by_key(|(at, ..)| *at)
            }
        }
    }

    /// How many bytes at the end of the text may be the beginning of a tag that counts here.
    fn partial(&self) -> usize {
        match self.ends {
            Some(close) => partial(&self.held, close),
            None => TAGS.iter().map(|(open, _)| partial(&self.held, open)).max().unwrap_or(0),
        }
    }

    /// The text that was held back when the block ends.
    pub(super) fn finish(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        if self.ends.is_some() { String::new() } else { self.trim(held) }
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
        assert_eq!(filter(["<think>Let me see.</think>\n\nYou have 3."]), "You have 3.");
        assert_eq!(filter(["A<think>b <thinking> </thinking>c</think>D<thinking>e</think>f</thinking>G"]), "ADG");
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
        fn it_does_not_matter_where_the_deltas_cut(cuts in proptest::collection::vec(0usize..66, 0..8)) {
            let text = "Hello <thinking>so, é <thin </thinking>world <think>x</th</think>!";
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
            cuts.push(0);
            cuts.push(text.len());
            cuts.sort_unstable();
            prop_assert_eq!(filter(cuts.windows(2).map(|pair| &text[pair[0]..pair[1]])), "Hello world !");
        }
    }
}
