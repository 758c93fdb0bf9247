//! A conversation's title, from the first thing the user said. Always the same for the same message.

/// What a list of conversations shows in one line.
const CHARACTERS: usize = 60;

/// Words before a full stop that are no end of a sentence are this short: `Dr.`, `St.`, `Inc.`
const ABBREVIATION: usize = 3;

/// The first sentence of a message, cut at a word. None when there is nothing to read in it.
pub(super) fn title(message: &str) -> Option<String> {
    let line = message.lines().map(readable).find(|line| !line.is_empty())?;
    let sentence = first_sentence(&line);
    if sentence.chars().count() <= CHARACTERS {
        return Some(sentence.to_owned());
    }
    let (end, next) = sentence.char_indices().nth(CHARACTERS - 1)?;
    let word = if next == ' ' { Some(end) } else { sentence[..end].rfind(' ') };
    // A cut that leaves less than half is worse than half a word.
    let word = word.filter(|at| at * 2 > end);
    let cut = sentence[..word.unwrap_or(end)].trim_end_matches([' ', ',', ';', ':', '.', '-']);
    Some(format!("{cut}…"))
}

/// One space between words, and nothing that can't be seen.
fn readable(line: &str) -> String {
    let visible: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without the full stop at its end, which no title has.
fn first_sentence(line: &str) -> &str {
    let end = line.match_indices(['.', '!', '?']).find_map(|(at, mark)| {
        let (before, after) = (&line[..at], &line[at + 1..]);
        let last_word = before.rsplit(' ').next().unwrap_or_default();
        let ends = after.is_empty() || after.starts_with(' ');
        let abbreviates = mark == "." && !after.is_empty() && last_word.chars().count() <= ABBREVIATION;
        (ends && !abbreviates).then_some(if mark == "." { at } else { at + 1 })
    });
    let sentence = line[..end.unwrap_or(line.len())].trim_end();
    if sentence.is_empty() { line } else { sentence }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(message: &str) -> String {
        title(message).unwrap_or_default()
    }

    #[test]
    fn a_title_is_the_first_sentence() {
        assert_eq!(of("Show me all overdue invoices"), "Show me all overdue invoices");
        assert_eq!(of("  What's my\trevenue this  month? And last?"), "What's my revenue this month?");
        assert_eq!(of("Create an invoice. It's for Maria."), "Create an invoice");
        assert_eq!(of("\n\nBook a visit\nat noon"), "Book a visit");
        assert_eq!(of("Invoice Dr. Smith for 12.50 please"), "Invoice Dr. Smith for 12.50 please");
        assert_eq!(title("\u{0}\n \u{7}"), None);
        assert_eq!(of("."), ".", "odd, but what was said");
    }

    #[test]
    fn a_long_sentence_is_cut_at_a_word() {
        let long = "Which of my clients in Springfield haven't been contacted since the beginning of the year";
        assert_eq!(of(long), "Which of my clients in Springfield haven't been contacted…");
        assert_eq!(of(&"x".repeat(100)), format!("{}…", "x".repeat(59)));
        assert_eq!(of(&format!("a {}", "ß".repeat(100))), format!("a {}…", "ß".repeat(57)));
    }

    proptest! {
        #[test]
        fn a_title_is_one_short_line_of_the_message(message in "\\PC{0,200}|[a-z .!?\n]{0,200}") {
            if let Some(title) = title(&message) {
                prop_assert!((1..=CHARACTERS).contains(&title.chars().count()), "{title:?}");
                prop_assert!(!title.contains('\n') && title.trim() == title);
            }
        }
    }
}
