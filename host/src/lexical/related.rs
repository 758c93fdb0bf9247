//! Words that often stand for each other in talk about work, people and money, without meaning the same.
//!
//! They help where a question uses none of the words that are looked for. A word that is there counts for more.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::known_stem;

/// A word may be in several groups.
#[rustfmt::skip]
const GROUPS: &[&[&str]] = &[
    // Money.
    &["pay", "paid", "payment", "deposit", "check", "cheque", "cash", "card", "transfer", "wire", "paypal", "venmo",
      "zelle", "settle", "installment", "refund"],
    &["owe", "unpaid", "outstanding", "balance", "debt", "due", "overdue", "delinquent", "arrears"],
    &["revenue", "sales", "profit", "gross", "earnings"],
    &["spend", "spent", "cost", "expense", "budget"],
    &["invoice", "charge", "charged"],
    &["collect", "receive", "received"],
    &["discount", "knock", "deduct", "reduce"],
    // Before the job is won.
    &["estimate", "proposal", "price", "offer", "pricing", "ballpark", "tender"],
    &["accept", "accepted", "sign", "signed", "approve", "approved", "agree", "agreed", "win", "won", "close"],
    &["reject", "rejected", "decline", "declined", "refuse", "refused", "lose", "lost", "pass", "passed"],
    &["wait", "waiting", "pending", "undecided", "open"],
    &["expire", "expired", "lapse", "valid"],
    // Time and places to be.
    &["appointment", "visit", "walkthrough", "walkthru", "walk", "consultation", "consult", "meeting", "meet", "met",
      "appt", "stop"],
    &["schedule", "scheduled", "book", "booked", "calendar", "agenda"],
    &["free", "available", "availability", "opening", "slot", "gap"],
    &["reschedule", "move", "push", "shift", "postpone", "delay", "bump", "bring"],
    &["cancel", "cancelled", "scrap", "call"],
    &["conflict", "overlap", "clash", "double"],
    &["confirm", "confirmed"],
    // Work.
    &["crew", "team", "guys", "worker", "workers", "staff", "employee", "helper", "men"],
    &["finish", "finished", "complete", "completed", "done", "wrap", "end", "ends"],
    &["start", "begin", "began", "kick", "launch"],
    &["pause", "hold", "suspend", "halt"],
    &["resume", "restart", "reopen"],
    &["color", "colour", "shade", "tint"],
    &["house", "home", "building", "property", "site", "place"],
    &["task", "chore", "errand", "checklist"],
    &["remind", "reminder", "remember", "forget", "forgot"],
    &["urgent", "priority", "prioritise", "prioritize", "important", "asap", "emergency", "critical"],
    &["assign", "assigned", "handle", "responsible", "delegate"],
    &["late", "delayed", "behind", "slipped"],
    &["fix", "repair", "redo"],
    &["order", "buy", "purchase"],
    // People.
    &["client", "homeowner"],
    &["supplier", "vendor", "dealer", "wholesaler", "store"],
    &["lead", "prospect"],
    &["phone", "number", "cell", "landline"],
    &["talk", "speak", "spoke", "spoken", "call", "contact", "reach", "reached", "heard", "hear"],
    &["address", "street", "zip", "zipcode", "postcode"],
    &["note", "remark", "memo"],
    // Getting work.
    &["campaign", "promo", "promotion", "marketing", "advertising", "ad", "advert", "blast", "commercial"],
    &["flyer", "postcard", "mailer", "mailing", "leaflet", "brochure", "pamphlet"],
    &["social", "facebook", "instagram", "tiktok", "nextdoor", "linkedin"],
    &["text", "sms"],
    &["conversion", "convert", "converted"],
    // Where one wants to be.
    &["goal", "target", "aim", "aiming", "objective", "quota", "milestone", "shooting"],
    &["progress", "pace", "track"],
    &["behind", "short", "shy", "ahead", "lagging"],
    // What people say.
    &["review", "feedback", "testimonial", "comment", "critique"],
    &["rating", "star", "stars", "score"],
    &["complain", "complaint", "unhappy", "dissatisfied", "bad", "worst", "nasty", "mean", "angry", "mad", "upset",
      "negative", "rude", "terrible", "awful"],
    &["happy", "satisfied", "satisfaction", "praise", "positive", "nice", "kind", "compliment", "pleased", "love"],
    &["reply", "respond", "response", "answer"],
    &["write", "wrote", "written", "draft", "compose"],
    &["send", "sent", "resend"],
];

static GROUPS_OF: LazyLock<HashMap<String, Vec<usize>>> = LazyLock::new(|| {
    let mut groups_of: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, group) in GROUPS.iter().enumerate() {
        for word in *group {
            let groups = groups_of.entry(known_stem(word)).or_default();
            if !groups.contains(&number) {
                groups.push(number);
            }
        }
    }
    groups_of
});

/// The groups of words that a stem is in, by their numbers.
pub(super) fn groups(stem: &str) -> &'static [usize] {
    GROUPS_OF.get(stem).map_or(&[], Vec::as_slice)
}
