//! Words that are one slip of the thumb away from each other.

/// Shorter words are too often words of their own when a letter changes.
const SHORTEST: usize = 5;

/// Whether one letter added, left out, replaced or swapped with its neighbour makes one word of the other.
pub(super) fn is_slip(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() < SHORTEST || long.len() - short.len() > 1 || short == long {
        return false;
    }
    let start = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[start..], &long[start..]);
    match (short, long) {
        ([a, b, rest @ ..], [c, d, tail @ ..]) if a == d && b == c && rest == tail => true,
        ([_, rest @ ..], [_, tail @ ..]) if short.len() == long.len() => rest == tail,
        (rest, [_, tail @ ..]) => rest == tail,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_forgiven_and_two_are_not() {
        for slip in ["invocie", "invoce", "invoicee", "imvoice", "nvoice"] {
            assert!(is_slip(slip, "invoice") && is_slip("invoice", slip), "{slip}");
        }
        for other in ["invoice", "invcoie", "invade", "inn", "xinvoicex"] {
            assert!(!is_slip(other, "invoice"), "{other}");
        }
        assert!(!is_slip("pant", "paint"), "short words are words of their own");
    }
}
