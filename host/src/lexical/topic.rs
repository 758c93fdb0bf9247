//! Is a text about a painting business at all, whoever may answer it?
//!
//! What each feature says was learnt from the texts beside this file when the host was built (`build.rs`).

use super::features::{fingerprint, with_phrases};

/// The bias, how rare an unknown feature is, then a record for each known one, in the order of their fingerprints: fingerprint,
/// how rare it is, weight.
static LEARNT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/topic.bin"));

type Record = [u8; 16];

/// The logarithm of the odds that a text is about the business: above zero when it is more probable than not.
pub(super) fn log_odds(text: &str) -> f64 {
    let (bias, _, records) = learnt();
    // In a fixed order, as sums of floats depend on it.
    let mut found: Vec<(u64, f64, f64)> = with_phrases(text)
        .into_iter()
        .filter_map(|(key, count)| {
            let key = fingerprint(&key);
            let at = records.binary_search_by_key(&key, key_of).ok()?;
            let (rarity, weight) = values(&records[at]);
            Some((key, count * rarity, weight))
        })
        .collect();
    found.sort_unstable_by_key(|(key, ..)| *key);
    let length = found.iter().map(|(_, count, _)| count * count).sum::<f64>().sqrt();
    let sum: f64 = found.iter().map(|(_, count, weight)| count * weight).sum();
    bias + if length > 0.0 { sum / length } else { 0.0 }
}

/// How rare a feature is in talk of any kind: the logarithm of how many texts there are for one that has it, plus 1.
pub(super) fn rarity(key: &str) -> f64 {
    let (_, unknown, records) = learnt();
    records.binary_search_by_key(&fingerprint(key), key_of).map_or(unknown, |at| values(&records[at]).0)
}

fn learnt() -> (f64, f64, &'static [Record]) {
    let Some(([a, b, c, d, e, f, g, h], records)) = LEARNT.split_first_chunk() else { return (0.0, 1.0, &[]) };
    let number = |bytes| f64::from(f32::from_le_bytes(bytes));
    (number([*a, *b, *c, *d]), number([*e, *f, *g, *h]), records.as_chunks().0)
}

fn key_of([a, b, c, d, e, f, g, h, ..]: &Record) -> u64 {
    u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h])
}

fn values([.., a, b, c, d, e, f, g, h]: &Record) -> (f64, f64) {
    (f32::from_le_bytes([*a, *b, *c, *d]).into(), f32::from_le_bytes([*e, *f, *g, *h]).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_of_the_business_is_told_from_other_talk_with_the_same_words() {
        for text in
            ["did the check from the Parkers clear", "who is free to paint on Oak Street", "any bids still open"]
        {
            assert!(log_odds(text) > 0.0, "{text}: {}", log_odds(text));
        }
        for text in ["who won the game", "book me a flight to Denver", "hello", "how do I check my credit score"] {
            assert!(log_odds(text) < 0.0, "{text}: {}", log_odds(text));
        }
    }

    #[test]
    fn a_text_without_a_known_word_is_not_about_the_business() {
        for text in ["", "???", "xqzt"] {
            assert!(log_odds(text) < 0.0, "{text}: {}", log_odds(text));
        }
    }
}
