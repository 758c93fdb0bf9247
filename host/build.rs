//! Works out what `src/lexical/topic.rs` knows: how much each feature of a text says that it is about a painting business.
//!
//! Logistic regression over the texts of `src/lexical/topic/`. It takes seconds, so it is done here and not when a server
//! starts. The result is the same in each build: texts are taken in a fixed order.

#[allow(dead_code, unreachable_pub, reason = "the library's own module, of which training needs a part")]
#[path = "src/lexical/features.rs"]
mod features;
#[allow(dead_code, unreachable_pub, reason = "the library's own module, of which training needs a part")]
#[path = "src/lexical/related.rs"]
mod related;
#[allow(dead_code, unreachable_pub, reason = "the library's own module, of which training needs a part")]
#[path = "src/lexical/words.rs"]
mod words;

use std::collections::HashMap;
use std::path::PathBuf;
use std::{env, fs};

use features::{fingerprint, with_phrases};

/// Texts that must have a feature for it to count. What one text has says nothing about the next.
const TEXTS_WITH_IT: usize = 2;
/// How often every text is looked at.
const ROUNDS: usize = 40;
/// How far a weight moves at first (AdaGrad).
const RATE: f64 = 0.3;
const BIAS_RATE: f64 = 0.05;

struct Text {
    is_business: bool,
    /// Numbers of its features and what each counts in it, together of length 1.
    features: Vec<(usize, f64)>,
}

/// What is known of a feature.
struct Known {
    fingerprint: u64,
    rarity: f64,
    weight: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/lexical");
    let directory = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("src/lexical/topic");
    let mut lines: Vec<(bool, String)> = Vec::new();
    for (is_business, file) in [(true, "business.txt"), (false, "other.txt")] {
        let text = fs::read_to_string(directory.join(file))?;
        lines.extend(text.lines().map(|line| (is_business, line.to_owned())));
    }
    let (mut known, texts) = read(&lines);
    let bias = learn(&mut known, &texts);
    known.sort_unstable_by_key(|feature| feature.fingerprint);
    if known.windows(2).any(|pair| pair[0].fingerprint == pair[1].fingerprint) {
        return Err("two features have one fingerprint".into());
    }
    let mut bytes = (bias as f32).to_le_bytes().to_vec();
    bytes.extend((rarity(lines.len(), 1) as f32).to_le_bytes());
    for Known { fingerprint, rarity, weight } in &known {
        bytes.extend(fingerprint.to_le_bytes());
        bytes.extend((*rarity as f32).to_le_bytes());
        bytes.extend((*weight as f32).to_le_bytes());
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("topic.bin"), bytes)?;
    Ok(())
}

/// The features that several texts have, and the texts as these.
fn read(lines: &[(bool, String)]) -> (Vec<Known>, Vec<Text>) {
    let read: Vec<HashMap<String, f64>> = lines.iter().map(|(_, line)| with_phrases(line)).collect();
    let mut having: HashMap<&str, usize> = HashMap::new();
    for key in read.iter().flat_map(HashMap::keys) {
        *having.entry(key).or_default() += 1;
    }
    let mut keys: Vec<(&str, usize)> = having.into_iter().filter(|(_, texts)| *texts >= TEXTS_WITH_IT).collect();
    keys.sort_unstable();
    let numbers: HashMap<&str, usize> = keys.iter().enumerate().map(|(number, (key, _))| (*key, number)).collect();
    let known: Vec<Known> = keys
        .iter()
        .map(|(key, texts)| Known { fingerprint: fingerprint(key), rarity: rarity(lines.len(), *texts), weight: 0.0 })
        .collect();
    let texts = read.iter().zip(lines).map(|(read, (is_business, _))| {
        let number = |(key, count): (&String, &f64)| {
            let number = *numbers.get(key.as_str())?;
            Some((number, count * known[number].rarity))
        };
        let mut features: Vec<(usize, f64)> = read.iter().filter_map(number).collect();
        features.sort_unstable_by_key(|(number, _)| *number);
        let length = features.iter().map(|(_, count)| count * count).sum::<f64>().sqrt();
        features.iter_mut().for_each(|(_, count)| *count /= length.max(f64::MIN_POSITIVE));
        Text { is_business: *is_business, features }
    });
    let texts = texts.collect();
    (known, texts)
}

fn rarity(texts: usize, having: usize) -> f64 {
    (texts as f64 / having as f64).ln() + 1.0
}

/// Moves the weights until they tell the texts apart, and answers the bias. Both kinds of text count as much, however many
/// there are.
fn learn(known: &mut [Known], texts: &[Text]) -> f64 {
    let business = texts.iter().filter(|text| text.is_business).count();
    let share = |of: usize| texts.len() as f64 / (2.0 * of as f64);
    let (for_business, for_other) = (share(business), share(texts.len() - business));
    let mut order: Vec<usize> = (0..texts.len()).collect();
    let mut moved = vec![1e-6; known.len()];
    let mut bias = 0.0;
    let mut random = 12_345_u64;
    for _ in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, (random >> 33) as usize % (at + 1));
        }
        for text in order.iter().map(|at| &texts[*at]) {
            let odds: f64 =
                bias + text.features.iter().map(|(number, count)| known[*number].weight * count).sum::<f64>();
            let probability = 1.0 / (1.0 + (-odds).exp());
            let error = if text.is_business { (probability - 1.0) * for_business } else { probability * for_other };
            for (number, count) in &text.features {
                let slope: f64 = error * count;
                moved[*number] += slope * slope;
                known[*number].weight -= RATE * slope / f64::sqrt(moved[*number]);
            }
            bias -= BIAS_RATE * error;
        }
    }
    bias
}
