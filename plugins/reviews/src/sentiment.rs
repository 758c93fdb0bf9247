//! Whether a review is happy, as far as its stars and a few words tell.

/// How a review reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Sentiment {
    Positive,
    Mixed,
    Neutral,
    Negative,
}

/// A sentiment and all that it was concluded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// How the review reads.
    pub sentiment: Sentiment,
    /// "5 stars; praise: careful, tidy; complaint: late".
    pub based_on: String,
}

impl Sentiment {
    /// All of them, best first.
    pub const ALL: [Self; 4] = [Self::Positive, Self::Mixed, Self::Neutral, Self::Negative];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Mixed => "mixed",
            Self::Neutral => "neutral",
            Self::Negative => "negative",
        }
    }
}

const PRAISE: &str = "\
    amazing awesome beautiful best careful carefully clean courteous excellent fair fantastic fast flawless friendly \
    glad gorgeous great happy helpful honest love loved neat nice perfect perfectly pleased polite professional \
    punctual quick quickly recommend respectful satisfied skilled solid spotless thorough tidy wonderful";

const COMPLAINTS: &str = "\
    awful bad careless complaint complaints damage damaged delay delayed delays dirty disappointed disappointing \
    drip drips expensive horrible ignored issue issues late mess messy overpriced patchy peeling poor poorly problem \
    problems rude scratched scratches sloppy slow smeared spilled splatter streaks streaky terrible uneven \
    unfinished unhappy unprofessional waiting worst wrong";

const DENIALS: &[&str] = &["no", "not", "never", "without", "hardly", "nothing", "zero", "cannot"];

/// Denials that may be praise: "can't recommend them enough".
const UNCLEAR: &[&str] = &["can't", "cannot", "couldn't"];

/// A denial reaches this many words: "not a single drip".
const REACH: usize = 3;

/// The stars come first: four and five are positive, one and two negative, unless more words say the opposite, which
/// makes it mixed. Three stars say neither, so there the words decide.
pub fn read(rating: i64, text: &str) -> Reading {
    let (praise, complaints) = telling_words(text);
    let sentiment = match rating {
        4.. if complaints.len() > praise.len() => Sentiment::Mixed,
        4.. => Sentiment::Positive,
        ..=2 if praise.len() > complaints.len() => Sentiment::Mixed,
        ..=2 => Sentiment::Negative,
        _ => match (praise.is_empty(), complaints.is_empty()) {
            (true, true) => Sentiment::Neutral,
            (false, true) => Sentiment::Positive,
            (true, false) => Sentiment::Negative,
            (false, false) => Sentiment::Mixed,
        },
    };
    let mut based_on = crate::review::stars(rating);
    if text.trim().is_empty() {
        based_on.push_str("; no text");
    } else if praise.is_empty() && complaints.is_empty() {
        based_on.push_str("; no telling words in the text");
    }
    for (kind, words) in [("praise", praise), ("complaint", complaints)] {
        if !words.is_empty() {
            based_on.push_str(&format!("; {kind}: {}", words.join(", ")));
        }
    }
    Reading { sentiment, based_on }
}

/// Words of praise and of complaint, each once. A denied word counts for the other side: "no mess".
fn telling_words(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut praise, mut complaints) = (Vec::new(), Vec::new());
    let lower = text.to_lowercase().replace('’', "'");
    // A denial doesn't reach past a comma.
    for clause in lower.split(|c: char| !(c.is_alphanumeric() || matches!(c, ' ' | '\'' | '-'))) {
        let words: Vec<&str> =
            clause.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            let is_praise = listed(PRAISE, word);
            if !is_praise && !listed(COMPLAINTS, word) {
                continue;
            }
            let denial = (at.saturating_sub(REACH)..at)
                .rev()
                .take_while(|before| !matches!(words[*before], "and" | "but"))
                .find(|before| denies(words[*before]));
            if denial.is_some_and(|denial| UNCLEAR.contains(&words[denial])) {
                continue;
            }
            let side = if is_praise != denial.is_some() { &mut praise } else { &mut complaints };
            let said = words[denial.unwrap_or(at)..=at].join(" ");
            if !side.contains(&said) {
                side.push(said);
            }
        }
    }
    (praise, complaints)
}

fn listed(words: &str, word: &str) -> bool {
    words.split(' ').any(|listed| listed == word)
}

fn denies(word: &str) -> bool {
    DENIALS.contains(&word) || word.ends_with("n't")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(rating: i64, text: &str) -> (&'static str, String) {
        let Reading { sentiment, based_on } = read(rating, text);
        (sentiment.word(), based_on)
    }

    #[test]
    fn the_stars_come_first_and_more_opposite_words_make_it_mixed() {
        for (rating, text, sentiment, based_on) in [
            (5, "", "positive", "5 stars; no text"),
            (1, " ", "negative", "1 star; no text"),
            (5, "Careful and tidy.", "positive", "5 stars; praise: careful, tidy"),
            (4, "Great work, a little late", "positive", "4 stars; praise: great; complaint: late"),
            (4, "Late, and they left a mess", "mixed", "4 stars; complaint: late, mess"),
            (2, "Friendly crew", "mixed", "2 stars; praise: friendly"),
            (2, "Friendly, but sloppy", "negative", "2 stars; praise: friendly; complaint: sloppy"),
            (1, "They painted my mailbox without asking.", "negative", "1 star; no telling words in the text"),
        ] {
            assert_eq!(reading(rating, text), (sentiment, based_on.to_owned()), "{text}");
        }
    }

    #[test]
    fn three_stars_say_neither_so_the_words_decide() {
        for (text, sentiment) in [
            ("", "neutral"),
            ("They painted the house.", "neutral"),
            ("Nice finish", "positive"),
            ("Drips on the handrail", "negative"),
            ("Nice finish, drips on the handrail", "mixed"),
        ] {
            assert_eq!(reading(3, text).0, sentiment, "{text}");
        }
    }

    #[test]
    fn a_denied_word_counts_for_the_other_side_within_its_clause() {
        for (text, based_on) in [
            ("No mess at all", "3 stars; praise: no mess"),
            ("Wasn’t happy", "3 stars; complaint: wasn't happy"),
            ("Not a single drip", "3 stars; praise: not a single drip"),
            ("No smell, clean", "3 stars; praise: clean"),
            ("Never late and tidy", "3 stars; praise: never late, tidy"),
            ("Never once late. LATE", "3 stars; praise: never once late; complaint: late"),
            ("Can't recommend them enough", "3 stars; no telling words in the text"),
            ("mess, mess, mess", "3 stars; complaint: mess"),
        ] {
            assert_eq!(reading(3, text).1, based_on, "{text}");
        }
    }

    #[test]
    fn words_are_whole_words_and_no_word_is_on_both_sides() {
        assert_eq!(reading(3, "Slate, chocolate, translate").1, "3 stars; no telling words in the text");
        assert!(PRAISE.split(' ').all(|word| !listed(COMPLAINTS, word) && !DENIALS.contains(&word)));
    }
}
