//! Words of talk that is not about anybody's business: the world, entertainment, and the assistant itself.

use super::words::{normal, words};

/// A question with such a word needs more of the others to be about something known.
#[rustfmt::skip]
const ELSEWHERE: &[&str] = &[
    // The world.
    "weather", "temperature", "forecast", "news", "president", "mayor", "election", "war", "planet", "moon", "sky",
    // Pastimes.
    "joke", "jokes", "poem", "poetry", "song", "sing", "music", "movie", "movies", "football", "baseball",
    "basketball", "soccer", "playoffs", "horoscope", "birthday", "trivia", "riddle", "recipe", "pizza", "calories",
    "lottery", "bitcoin", "crypto", "stocks", "flight", "vacation",
    // The assistant and what it is told to be.
    "robot", "chatbot", "chatgpt", "ai", "llm", "instructions", "prompt", "pretend", "roleplay", "jailbreak",
    "password", "passwords", "api", "hack", "database", "python", "javascript", "translate", "spanish", "french",
    "german", "grammar",
];

/// How people ask what anybody could tell them.
#[rustfmt::skip]
const GENERAL: &[&str] = &[
    "how to", "how do i", "how do you", "how does", "how long does", "how tall", "why is", "why are", "why do",
    "why does", "what is a", "what is the best", "what the best", "difference between", "meaning of", "tell me about",
    "who invented", "when was", "recommend a",
];

/// Words before "you" that make it a request: "can you", "I need you to".
const ASKING: &[&str] =
    &["can", "could", "would", "will", "do", "did", "have", "if", "need", "want", "like", "ask", "thank", "should"];

/// How many words of a text are of such talk. To speak of "you" other than in a request counts as well.
pub(super) fn strays(text: &str) -> usize {
    let said: Vec<String> = words(text).into_iter().map(|word| normal(word.text)).collect();
    let named = said.iter().filter(|word| ELSEWHERE.contains(&&***word)).count();
    let to_the_assistant = said.iter().enumerate().any(|(at, word)| {
        let asked = at.checked_sub(1).is_some_and(|before| ASKING.contains(&&*said[before]));
        matches!(word.as_str(), "you" | "your" | "you're" | "yourself") && !asked
    });
    let sentence = format!(" {} ", said.join(" "));
    let general = GENERAL.iter().any(|opening| sentence.contains(&format!(" {opening} ")));
    named + usize::from(to_the_assistant) + usize::from(general)
}
