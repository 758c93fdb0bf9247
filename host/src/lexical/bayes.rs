//! Naive Bayes over the features of texts: whom is a question most probably for?
//!
//! Multinomial, over features weighted by how few texts have them (tf-idf), every text counting as much as another but
//! names, which count more. Everybody is as probable as another before the question is read.

use std::collections::HashMap;

use super::Candidate;
use super::features::features;
use super::topic;
use super::words::{normal, words};

/// What every feature counts that a team's texts don't have: little, as the texts are few.
const UNSEEN: f64 = 0.2;
/// What a candidate's name counts, where another of its texts counts 1.
const NAMED: f64 = 5.0;

/// What is known of some candidates.
pub(super) struct Model {
    /// Whom a question may be for, as positions among the candidates: one candidate, or several whose examples have the same
    /// question, which they answer together.
    pub(super) teams: Vec<Vec<usize>>,
    features: HashMap<String, Feature>,
    /// The teams of the examples, by their words.
    examples: HashMap<String, usize>,
    /// How many texts all of them have.
    texts: usize,
}

/// A feature that texts have.
struct Feature {
    /// How much it says: the more, the fewer texts have it.
    weight: f64,
    /// The logarithm of its probability in each team's texts.
    by_team: Vec<f64>,
    /// Its share in each text that has it, by the text's number.
    in_texts: Vec<(usize, f64)>,
}

/// A text of a candidate.
struct Text {
    /// The number of the team it is for.
    team: usize,
    /// What it counts among the team's.
    counts: f64,
    features: HashMap<String, f64>,
}

impl Model {
    pub(super) fn of(candidates: &[Candidate]) -> Self {
        let mut teams: Vec<Vec<usize>> = Vec::new();
        let mut texts: Vec<Text> = Vec::new();
        let mut examples: HashMap<String, usize> = HashMap::new();
        let mut add = |team: Vec<usize>, text: &str, counts: f64| {
            let known = teams.iter().position(|other| *other == team);
            let team = known.unwrap_or_else(|| {
                teams.push(team);
                teams.len() - 1
            });
            texts.push(Text { team, counts, features: features(text) });
            team
        };
        for (at, candidate) in candidates.iter().enumerate() {
            add(vec![at], &candidate.name, NAMED);
            let phrases = candidate.description.split([':', ';', ',', '.']).filter(|phrase| !phrase.trim().is_empty());
            phrases.for_each(|phrase| _ = add(vec![at], phrase, 1.0));
            for example in &candidate.examples {
                let has_it = |(at, other): (usize, &Candidate)| other.examples.contains(example).then_some(at);
                let team = add(candidates.iter().enumerate().filter_map(has_it).collect(), example, 1.0);
                examples.insert(said(example), team);
            }
        }
        Self { features: learn(&texts, teams.len()), texts: texts.len(), teams, examples }
    }

    /// The team that has a question among its examples, however it is typed.
    pub(super) fn with_example(&self, question: &str) -> Option<&[usize]> {
        self.examples.get(&said(question)).map(|team| self.teams[*team].as_slice())
    }

    /// How much a question is like the text that is most like it: 0.0 when it has nothing of any, 1.0 when it is that text.
    pub(super) fn likeness(&self, question: &str) -> f64 {
        let mut shared = vec![0.0; self.texts];
        let mut squares = 0.0;
        for (key, count) in sorted(features(question)) {
            // A word that no text has makes a question as much unlike them as the rarest that one has.
            let known = self.features.get(&key);
            let share = count * known.map_or_else(|| weight(&key, self.texts, 1), |feature| feature.weight);
            squares += share * share;
            let in_texts = known.map_or(&[][..], |feature| &feature.in_texts);
            in_texts.iter().for_each(|(text, in_text)| shared[*text] += share * in_text);
        }
        shared.into_iter().fold(0.0, f64::max) / f64::sqrt(squares).max(f64::MIN_POSITIVE)
    }

    /// How probably a question is for each team. Together 1.0.
    pub(super) fn probabilities(&self, question: &str) -> Vec<f64> {
        let asked = features(question);
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

/// The words of a text, whatever their case and what stands between them.
fn said(text: &str) -> String {
    words(text).into_iter().map(|word| normal(word.text)).collect::<Vec<_>>().join(" ")
}

/// How much a feature says that so many of the texts have: the more, the fewer have it, and the rarer it is in talk at large.
fn weight(key: &str, texts: usize, having: usize) -> f64 {
    let here = (texts as f64 / having.max(1) as f64).ln() + 1.0;
    here + topic::rarity(key)
}

fn learn(texts: &[Text], teams: usize) -> HashMap<String, Feature> {
    let mut having: HashMap<String, usize> = HashMap::new();
    for key in texts.iter().flat_map(|text| text.features.keys()) {
        *having.entry(key.clone()).or_default() += 1;
    }
    let feature = |key: &str, having: usize| Feature {
        weight: weight(key, texts.len(), having),
        by_team: vec![UNSEEN; teams],
        in_texts: Vec::new(),
    };
    let mut known: HashMap<String, Feature> =
        having.into_iter().map(|(key, n)| (key.clone(), feature(&key, n))).collect();
    let mut totals = vec![UNSEEN * known.len() as f64; teams];
    for (number, Text { team, counts, features }) in texts.iter().enumerate() {
        for (key, share) in shares(features, &known) {
            totals[*team] += share * counts;
            if let Some(feature) = known.get_mut(key) {
                feature.by_team[*team] += share * counts;
                feature.in_texts.push((number, share));
            }
        }
    }
    for feature in known.values_mut() {
        feature.by_team.iter_mut().zip(&totals).for_each(|(counted, total)| *counted = (*counted / total).ln());
    }
    known
}

/// Features in a fixed order, as sums of floats depend on it.
fn sorted(features: HashMap<String, f64>) -> Vec<(String, f64)> {
    let mut sorted: Vec<(String, f64)> = features.into_iter().collect();
    sorted.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    sorted
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
