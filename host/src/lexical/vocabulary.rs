//! What a candidate is known by.

use std::collections::HashMap;

use super::Candidate;
use super::features::{Feature, Kind, features};
use super::related::related;
use super::typo::is_slip;

// How much a word says by where the candidate has it.
pub(super) const IN_NAME: f64 = 2.5;
const IN_EXAMPLES: f64 = 2.0;
pub(super) const IN_DESCRIPTION: f64 = 1.5;
/// How much more a word says that comes again and again.
const OFTEN: f64 = 0.2;
/// What another word for it counts, and what a word counts that is probably it, misspelt.
const RELATED: f64 = 0.5;
const MISSPELT: f64 = 0.8;

/// The features of a candidate, each with how much it says.
pub(super) struct Vocabulary(HashMap<String, f64>);

impl Vocabulary {
    pub(super) fn of(candidate: &Candidate) -> Self {
        let mut known: HashMap<String, (f64, u32)> = HashMap::new();
        let mut add = |features: Vec<Feature>, weight: f64| {
            for feature in features {
                let (most, times) = known.entry(feature.key).or_default();
                *most = most.max(weight);
                *times += 1;
            }
        };
        add(features(&candidate.name), IN_NAME);
        for example in &candidate.examples {
            // A name in an example is somebody's; another one could stand there.
            add(features(example).into_iter().filter(|feature| feature.kind != Kind::Name).collect(), IN_EXAMPLES);
        }
        add(features(&candidate.description), IN_DESCRIPTION);
        let weight = |(most, times): (f64, u32)| most * (1.0 + OFTEN * f64::from(times).ln());
        Self(known.into_iter().map(|(key, found)| (key, weight(found))).collect())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// What a feature says by itself or by a word related to it, 0.0 if nothing.
    pub(super) fn weight(&self, key: &str) -> f64 {
        let itself = self.0.get(key).copied().unwrap_or_default();
        let others = related(key).iter().filter_map(|other| self.0.get(other)).map(|weight| weight * RELATED);
        others.fold(itself, f64::max)
    }

    /// What a word says that nobody has, as a slip of one that is here.
    pub(super) fn weight_of_slip(&self, key: &str) -> f64 {
        let meant = self.0.iter().filter(|(word, _)| is_slip(key, word)).map(|(_, weight)| weight * MISSPELT);
        meant.fold(0.0, f64::max)
    }
}
