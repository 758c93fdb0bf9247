//! The figures of many questions, as text for a terminal.

use std::collections::BTreeMap;
use std::fmt;

use super::{Asked, Outcome, Set, Verdict};

/// The figures of one way to choose.
#[derive(Debug, Clone)]
pub struct Table<'a> {
    outcomes: &'a [Outcome<'a>],
    verbose: bool,
}

/// Those that count, of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that count.
    pub hits: usize,
    /// All that were asked.
    pub asked: usize,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded down: 100 % is all of them.
        let text = match (self.hits * 100).checked_div(self.asked) {
            Some(percent) => format!("{}/{} {percent:>3} %", self.hits, self.asked),
            None => "-".to_owned(),
        };
        f.pad(&text)
    }
}

impl<'a> Table<'a> {
    /// A table over these outcomes. With `verbose` it ends with every question that went wrong.
    pub fn new(outcomes: &'a [Outcome<'a>], verbose: bool) -> Self {
        Self { outcomes, verbose }
    }

    /// Counts, among the questions of a kind, those with such a verdict. A question without a choice is not counted.
    pub fn share(&self, of: impl Fn(&Asked) -> bool, counts: impl Fn(Verdict) -> bool) -> Share {
        let mut share = Share::default();
        for outcome in self.outcomes.iter().filter(|outcome| of(outcome.asked)) {
            let Ok(chosen) = &outcome.chosen else { continue };
            share.asked += 1;
            share.hits += usize::from(counts(Verdict::of(outcome.asked, chosen)));
        }
        share
    }

    fn row(
        &self,
        f: &mut fmt::Formatter<'_>,
        label: &str,
        of: impl Fn(&Asked) -> bool,
        counts: impl Fn(Verdict) -> bool,
    ) -> fmt::Result {
        let dev = self.share(|asked| asked.set == Set::Dev && of(asked), &counts);
        let held_out = self.share(|asked| asked.set == Set::HeldOut && of(asked), &counts);
        let all = self.share(of, &counts);
        writeln!(f, "  {label:<36}{dev:>16}{held_out:>16}{all:>16}")
    }

    fn confusions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut confusions: BTreeMap<(String, String), Vec<&Asked>> = BTreeMap::new();
        for outcome in self.outcomes {
            let Ok(chosen) = &outcome.chosen else { continue };
            if Verdict::of(outcome.asked, chosen) != Verdict::Right {
                confusions.entry((names(&outcome.asked.agents), names(chosen))).or_default().push(outcome.asked);
            }
        }
        if confusions.is_empty() {
            return Ok(());
        }
        let mut confusions: Vec<_> = confusions.into_iter().collect();
        confusions.sort_by_key(|(_, questions)| std::cmp::Reverse(questions.len()));
        writeln!(f, "\n  expected -> chosen")?;
        for ((expected, chosen), questions) in confusions {
            writeln!(f, "  {:>4}  {expected} -> {chosen}", questions.len())?;
            for asked in questions.into_iter().filter(|_| self.verbose) {
                let set = if asked.set == Set::Dev { "dev" } else { "held-out" };
                writeln!(f, "          {set:<10}{}", asked.ask)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = |verdict| verdict == Verdict::Right;
        let reached = |verdict| matches!(verdict, Verdict::Right | Verdict::More);
        writeln!(f, "  {:<36}{:>16}{:>16}{:>16}", "", "dev", "held-out", "all")?;
        self.row(f, "every question", |_| true, right)?;
        self.row(f, "without a keyword, for somebody", |a| a.is_plain() && !a.agents.is_empty(), right)?;
        self.row(f, "for one agent", |a| a.agents.len() == 1, right)?;
        self.row(f, "  that one, maybe among others", |a| a.agents.len() == 1, reached)?;
        self.row(f, "for several agents", |a| a.agents.len() > 1, right)?;
        self.row(f, "  at least one of them", |a| a.agents.len() > 1, |verdict| verdict != Verdict::Wrong)?;
        self.row(f, "for nobody", |a| a.agents.is_empty(), right)?;
        writeln!(f)?;
        let mut agents: Vec<&str> = self.outcomes.iter().flat_map(|o| &o.asked.agents).map(String::as_str).collect();
        agents.sort_unstable();
        agents.dedup();
        for agent in agents {
            self.row(f, agent, |asked| asked.agents == [agent], right)?;
        }
        self.confusions(f)?;
        let failed: Vec<&String> = self.outcomes.iter().filter_map(|outcome| outcome.chosen.as_ref().err()).collect();
        if let Some(first) = failed.first() {
            writeln!(f, "\n  {} without a choice, which are not counted; the first: {first}", failed.len())?;
        }
        Ok(())
    }
}

fn names(agents: &[String]) -> String {
    let mut sorted = agents.to_vec();
    sorted.sort();
    if sorted.is_empty() { "nobody".to_owned() } else { sorted.join(" + ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_of_them_are_a_hundred_percent() {
        let text = |hits, asked| Share { hits, asked }.to_string();
        assert_eq!(text(232, 233), "232/233  99 %");
        assert_eq!(text(233, 233), "233/233 100 %");
        assert_eq!(text(0, 0), "-");
    }
}
