//! Naive Bayes over the features of texts: whom is a question most probably for?
//!
//! Multinomial, over features weighted by how few texts have them (tf-idf), every text counting as much as another. Everybody is as probable as another before the question is read.

use std::collections::HashMap;

use super::Candidate;
use super::features::{UNKNOWN, features, is_word};

/// Questions and talk that is nobody's business, one a line.
const NOBODY: &str = include_str!("nobody.txt");

/// What every feature counts that a team's texts don't have: little, as the texts are few.
const UNSEEN: f64 = 0.1;

/// What is known of some candidates.
pub(super) struct Model {
    /// Whom a question may be for, as positions among the candidates: one candidate, several whose examples have the same
    /// question, which they answer together, or none.
    pub(super) teams: Vec<Vec<usize>>,
    features: HashMap<String, Feature>,
}

/// A feature that texts have.
struct Feature {
    /// How much it says: the more, the fewer texts have it.
    weight: f64,
    /// The logarithm of its probability in each team's texts.
    by_team: Vec<f64>,
}

/// A text and the number of the team it is for.
struct Text {
    team: usize,
    features: HashMap<String, f64>,
}

impl Model {
    pub(super) fn of(candidates: &[Candidate]) -> Self {
        let mut teams: Vec<Vec<usize>> = Vec::new();
        let mut texts: Vec<Text> = Vec::new();
        let mut add = |team: Vec<usize>, text: &str| {
            let known = teams.iter().position(|other| *other == team);
            let team = known.unwrap_or_else(|| {
                teams.push(team);
                teams.len() - 1
            });
            texts.push(Text { team, features: features(text) });
        };
        for (at, candidate) in candidates.iter().enumerate() {
            add(vec![at], &candidate.name);
            let phrases = candidate.description.split([':', ';', ',', '.']).filter(|phrase| !phrase.trim().is_empty());
            phrases.for_each(|phrase| add(vec![at], phrase));
            for example in &candidate.examples {
                let has_it = |(at, other): (usize, &Candidate)| other.examples.contains(example).then_some(at);
                add(candidates.iter().enumerate().filter_map(has_it).collect(), example);
            }
        }
        NOBODY.lines().for_each(|line| add(Vec::new(), line));
        let features = learn(texts, teams.len());
        Self { teams, features }
    }

    /// How probably a question is for each team. Together 1.0.
    pub(super) fn probabilities(&self, question: &str) -> Vec<f64> {
        let mut asked = features(question);
        note_unknown(&mut asked, |word| !self.features.contains_key(word));
        let mut sums = vec![0.0; self.teams.len()];
        for (key, share) in shares(&asked, &self.features) {
            let by_team = self.features.get(key).map_or(&[][..], |feature| &feature.by_team);
            sums.iter_mut().zip(by_team).for_each(|(sum, logarithm)| *sum += share * logarithm);
        }
        let most = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let odds: Vec<f64> = sums.iter().map(|sum| (sum - most).exp()).collect();
        let total: f64 = odds.iter().sum();
        odds.into_iter().map(|odds| odds / total).collect()
    }
}

fn learn(mut texts: Vec<Text>, teams: usize) -> HashMap<String, Feature> {
    let mut having: HashMap<String, usize> = HashMap::new();
    for key in texts.iter().flat_map(|text| text.features.keys()) {
        *having.entry(key.clone()).or_default() += 1;
    }
    for text in &mut texts {
        // A word of one text would be unknown without that text, as words of questions are.
        note_unknown(&mut text.features, |word| having.get(word) == Some(&1));
        *having.entry(UNKNOWN.to_owned()).or_default() += usize::from(text.features.contains_key(UNKNOWN));
    }
    let feature = |having: usize| Feature {
        weight: (texts.len() as f64 / having.max(1) as f64).ln() + 1.0,
        by_team: vec![UNSEEN; teams],
    };
    let mut known: HashMap<String, Feature> = having.into_iter().map(|(key, n)| (key, feature(n))).collect();
    let mut totals = vec![UNSEEN * known.len() as f64; teams];
    for Text { team, features } in &texts {
        for (key, share) in shares(features, &known) {
            totals[*team] += share;
            if let Some(feature) = known.get_mut(key) {
                feature.by_team[*team] += share;
            }
        }
    }
    for feature in known.values_mut() {
        feature.by_team.iter_mut().zip(&totals).for_each(|(counted, total)| *counted = (*counted / total).ln());
    }
    known
}

/// Adds how many words of a text are unknown, if any.
fn note_unknown(features: &mut HashMap<String, f64>, is_unknown: impl Fn(&str) -> bool) {
    let unknown = features.keys().filter(|key| is_word(key) && is_unknown(key)).count();
    if unknown > 0 {
        features.insert(UNKNOWN.to_owned(), unknown as f64);
    }
}

/// The known features of a text, each with its share in it. In a fixed order, as sums of floats depend on it.
fn shares<'a>(features: &'a HashMap<String, f64>, known: &HashMap<String, Feature>) -> Vec<(&'a str, f64)> {
    let mut shares: Vec<(&str, f64)> =
        features.iter().filter_map(|(key, count)| Some((key.as_str(), count * known.get(key)?.weight))).collect();
    shares.sort_unstable_by(|one, other| one.0.cmp(other.0));
    let length = shares.iter().map(|(_, share)| share * share).sum::<f64>().sqrt();
    shares.iter_mut().for_each(|(_, share)| *share /= length);
    shares
}
