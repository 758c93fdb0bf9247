//! What happened under each kind of fault, for people.

use crate::chats::Tally;

/// A line of the table.
pub(crate) struct Line {
    pub(crate) fault: &'static str,
    pub(crate) tally: Tally,
    /// Requests that reached the provider.
    pub(crate) calls: usize,
    pub(crate) retries: usize,
    /// Resident memory once the host was gone.
    pub(crate) mib: usize,
}

/// Prints the table of a provider.
pub(crate) fn print(provider: &str, lines: &[Line]) {
    println!(
        "\n| provider | fault | chats | complete | error | tools run | twice | model calls | retries | left | MiB |"
    );
    println!("| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for Line { fault, tally, calls, retries, mib } in lines {
        let mut errors: Vec<String> = tally.errors.iter().map(|(code, count)| format!("{count} {code}")).collect();
        errors.sort();
        let (chats, complete, errors) = (tally.chats, tally.complete, errors.join(", "));
        let (tools, twice) = (tally.tools, tally.twice);
        // A host that left a turn, a slot, a write, a task or a file behind has failed the test.
        println!(
            "| {provider} | {fault} | {chats} | {complete} | {errors} | {tools} | {twice} | {calls} | {retries} | 0 | {mib} |"
        );
    }
}
