//! Whose time an appointment takes.
//!
//! `assigned_to` is free text: "Tanya", "Tanya Reed", "Luis and Joe". Appointments of different people may be at the same
//! time. One that is assigned to nobody takes everybody's time: who works alone never fills the column in, and whoever
//! turns up has to be free.

/// Whether somebody would have to be at both.
pub fn shared(one: &str, other: &str) -> bool {
    let (one, other) = (people(one), people(other));
    one.is_empty()
        || other.is_empty()
        || one.iter().any(|one| other.iter().any(|other| names(one, other) || names(other, one)))
}

/// Whether a text has all words of a name: "Tanya Reed" has "tanya", and "Johnson" has no "John".
pub fn names(text: &str, name: &str) -> bool {
    let (text, name) = (words(text), words(name));
    !name.is_empty() && name.iter().all(|word| text.contains(word))
}

fn people(assigned_to: &str) -> Vec<String> {
    let list = assigned_to.to_lowercase().replace(['&', '/', '+', ';'], ",").replace(" and ", ",");
    list.split(',').filter(|person| !words(person).is_empty()).map(str::to_owned).collect()
}

/// The words of a text, in lower case.
pub fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_people_share_nothing_and_nobody_is_everybody() {
        for (one, other, together) in [
            ("Tanya", "tanya", true),
            ("Tanya", "Tanya Reed", true),
            ("Tanya Reed", "Tanya Miller", false),
            ("Luis", "Luisa", false),
            ("Luis and Joe", "Joe, Ana", true),
            ("Luis & Joe", "Ana", false),
            ("", "Ana", true),
            ("Ana", " - ", true),
            ("", "", true),
            ("Zoë", "zoë", true),
        ] {
            assert_eq!((shared(one, other), shared(other, one)), (together, together), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_name_is_whole_words() {
        assert!(names("Estimate for Maria Lopez", "lopez"));
        assert!(!names("Johnson Paints", "John"));
        assert!(!names("anything", " "));
    }
}
