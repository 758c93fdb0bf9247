//! What a sandbox, a turn and a start cost. Prints one table; nothing here passes or fails.

mod in_process;
mod native;
mod server;
mod stream;

/// One line of the table.
struct Row {
    what: &'static str,
    figure: String,
    target: &'static str,
}

fn main() {
    // `cargo bench -- stream` measures nothing else.
    if std::env::args().any(|argument| argument == "stream") {
        return stream::measure();
    }
    let mut rows = in_process::measure();
    rows.extend(server::measure());
    println!("\n| what | median | target |\n| --- | ---: | ---: |");
    for Row { what, figure, target } in rows {
        println!("| {what} | {figure} | {target} |");
    }
    stream::measure();
}

/// The middle one.
fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
