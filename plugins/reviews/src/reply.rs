//! A first draft of a reply to a review, for the contractor to edit.

/// Characters of a name that go into a draft.
const MAX_NAME: usize = 80;

/// A short, plain reply: thanks for good ratings, an apology and an offer to talk for bad ones. It knows nothing of the
/// review's text, and promises neither money nor work.
pub fn draft(rating: i64, client_name: &str, project_name: &str) -> String {
    let (client, project) = (name(client_name), name(project_name));
    let hello = if client.is_empty() { "Hello,".to_owned() } else { format!("Hello {client},") };
    let on = |otherwise: &str| if project.is_empty() { otherwise.to_owned() } else { format!("the {project} project") };
    match rating {
        5.. => format!(
            "{hello} thank you for your kind review of {}. We're glad that you like how it turned out, and it would \
             be a pleasure to paint for you again.",
            on("our work")
        ),
        4 => format!(
            "{hello} thank you for your review of {}. We're glad that you're happy with it. If there is anything we \
             could have done better, please tell us.",
            on("our work")
        ),
        3 => format!(
            "{hello} thank you for your honest review of {}. We're sorry that not everything was as you expected. \
             Please call us: we'd like to hear what we could have done better.",
            on("our work")
        ),
        _ => format!(
            "{hello} we're sorry about your experience with {}. That isn't how we want people to feel about our work. \
             Please call us: we'd like to hear what happened and talk it through with you.",
            on("us")
        ),
    }
}

/// A name on one line and not longer than a name.
fn name(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_follows_the_stars_and_names_client_and_project() {
        assert_eq!(
            draft(5, "Maria Lopez", "Harbor Street"),
            "Hello Maria Lopez, thank you for your kind review of the Harbor Street project. We're glad that you like \
             how it turned out, and it would be a pleasure to paint for you again."
        );
        for (rating, sorry) in [(1, true), (2, true), (3, true), (4, false), (5, false)] {
            let draft = draft(rating, "", "");
            assert_eq!(draft.contains("sorry"), sorry, "{draft}");
            assert_eq!(draft.contains("thank you"), rating >= 3, "{draft}");
            assert!(draft.starts_with("Hello, ") && !draft.contains("  "), "{draft}");
        }
    }

    #[test]
    fn a_draft_promises_no_money_and_no_work() {
        for rating in 1..=5 {
            let draft = draft(rating, "Acme Homes", "Lobby").to_lowercase();
            for word in ["refund", "free", "discount", "money", "$", "pay", "redo", "fix", "guarantee", "promise"] {
                assert!(!draft.contains(word), "{word}: {draft}");
            }
        }
    }

    #[test]
    fn a_long_name_on_many_lines_is_cut_and_stays_on_one() {
        let draft = draft(5, &format!("A\n\nB {}", "x".repeat(500)), "");
        assert!(draft.starts_with("Hello A B xxx") && !draft.contains('\n') && draft.len() < 400, "{draft}");
    }
}
