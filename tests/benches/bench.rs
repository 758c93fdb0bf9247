//! What a sandbox, a turn and a start cost, what a slow reader gets, and what many rows do. Prints a table of each;
//! nothing here passes or fails. `cargo bench -p canvalo-tests -- rows` prints only that one, as do `turns` and `stream`.

mod in_process;
mod native;
mod rows;
mod server;
mod stream;

/// One line of the table.
struct Row {
    what: &'static str,
    figure: String,
    target: &'static str,
}

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |part: &str| asked.is_empty() || asked.iter().any(|asked| asked == part);
    if wants("turns") {
        turns();
    }
    if wants("stream") {
        stream::measure();
    }
    if wants("rows") {
        rows::measure();
    }
}

fn turns() {
    let mut rows = in_process::measure();
    rows.extend(server::measure());
    println!("\n| what | median | target |\n| --- | ---: | ---: |");
    for Row { what, figure, target } in rows {
        println!("| {what} | {figure} | {target} |");
    }
}

/// The middle one.
fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
