//! One question's expected agents against those chosen.

use super::Asked;

/// How a choice compares with what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Those expected and no others.
    Right,
    /// All that were expected, and others besides: the answer is there, and costs more than it needs.
    More,
    /// Some of several.
    Part,
    /// Nobody who was expected; or somebody, where nobody should answer.
    Wrong,
}

impl Verdict {
    /// Judges a choice.
    pub fn of(asked: &Asked, chosen: &[String]) -> Self {
        let expected = |name: &String| asked.agents.contains(name);
        let reached = asked.agents.iter().filter(|name| chosen.contains(name)).count();
        let all = reached == asked.agents.len();
        if all && chosen.iter().all(expected) {
            return Self::Right;
        }
        if !chosen.is_empty() && !asked.or.is_empty() {
            let allowed = |name: &String| expected(name) || asked.or.contains(name);
            if chosen.iter().all(allowed) {
                return Self::Right;
            }
        }
        match reached {
            0 => Self::Wrong,
            _ if all => Self::More,
            _ => Self::Part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Set;
    use super::*;

    fn verdict(agents: &[&str], or: &[&str], chosen: &[&str]) -> Verdict {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let asked = Asked { ask: "?".into(), agents: names(agents), or: names(or), set: Set::Dev };
        Verdict::of(&asked, &names(chosen))
    }

    #[test]
    fn only_those_expected_are_right_in_any_order() {
        assert_eq!(verdict(&["a"], &[], &["a"]), Verdict::Right);
        assert_eq!(verdict(&["a", "b"], &[], &["b", "a"]), Verdict::Right);
        assert_eq!(verdict(&[], &[], &[]), Verdict::Right);
        assert_eq!(verdict(&["a"], &[], &["a", "b"]), Verdict::More);
        assert_eq!(verdict(&["a", "b"], &[], &["b", "c"]), Verdict::Part);
        assert_eq!(verdict(&["a"], &[], &[]), Verdict::Wrong);
        assert_eq!(verdict(&["a"], &[], &["b"]), Verdict::Wrong);
    }

    #[test]
    fn nobody_expected_makes_anybody_wrong() {
        assert_eq!(verdict(&[], &[], &["a"]), Verdict::Wrong);
    }

    #[test]
    fn an_alternative_is_right_alone_and_beside_the_one_expected() {
        assert_eq!(verdict(&["a"], &["b"], &["b"]), Verdict::Right);
        assert_eq!(verdict(&["a"], &["b"], &["b", "a"]), Verdict::Right);
        assert_eq!(verdict(&["a"], &["b"], &["b", "c"]), Verdict::Wrong);
        assert_eq!(verdict(&["a"], &["b"], &[]), Verdict::Wrong);
    }
}
