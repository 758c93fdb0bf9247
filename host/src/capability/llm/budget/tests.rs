use futures::StreamExt;

use super::super::prices::Prices;
use super::super::scripted::Scripted;
use super::super::{CompletionRequest, Message, Role};
use super::*;

const SAYS_HI: &str = r#"[{ "reply": { "text": "Hi!!" } }]"#;
const FAILS: &str = r#"[{ "reply": { "error": "unavailable" } }]"#;

fn request(words: &str, output: u32) -> CompletionRequest {
    let messages = vec![Message::text(Role::User, words)];
    CompletionRequest { messages, max_output_tokens: Some(output), ..CompletionRequest::default() }
}

/// An account of which a scripted model is paid, at a dollar per million tokens read and two per million written.
fn account(tokens: u64, day: Option<Arc<Day>>) -> Arc<Account> {
    let prices = Prices::parse(r#"scripted = { input = "1", output = "2" }"#).unwrap();
    Account::new(Ledger::new(Arc::new(prices)), tokens, day)
}

fn model(account: &Arc<Account>, script: &str) -> Arc<dyn LanguageModel> {
    let model: Arc<dyn LanguageModel> = Arc::new(Scripted::from_json(script).unwrap());
    account.meter(&model, "invoices")
}

fn left(account: &Account) -> u64 {
    *account.left()
}

fn millionths(dollars: i64) -> Decimal {
    Decimal::new(dollars, 6)
}

#[tokio::test]
async fn what_a_call_did_not_use_comes_back_and_what_it_used_does_not() {
    let account = account(110, None);
    let model = model(&account, SAYS_HI);
    let mut stream = model.stream(request("abcd", 100)).await.unwrap();
    assert_eq!(left(&account), 9, "a token of question and a hundred of answer are set aside");
    while stream.next().await.is_some() {}
    assert_eq!(left(&account), 108);
    drop(stream);
    assert_eq!(left(&account), 108, "it is settled once");
    assert_eq!(account.refused(), None);

    let error = model.stream(request("abcd", 108)).await.err();
    assert!(matches!(error, Some(LlmError::BudgetSpent(_))), "{error:?}");
    assert_eq!((left(&account), account.refused()), (108, Some(Limit::TurnTokens)));
    assert_eq!(account.ledger().calls(), 1, "a call that was refused is none");
}

#[tokio::test]
async fn a_call_that_never_began_costs_nothing_and_one_that_is_cancelled_costs_all_it_might() {
    let failing = account(101, None);
    assert!(model(&failing, FAILS).stream(request("abcd", 100)).await.is_err());
    assert_eq!(left(&failing), 101);
    let total = failing.ledger().usage().total;
    assert_eq!((total.calls, total.tokens(), total.estimated), (1, 0, false));

    let cancelled = account(101, None);
    drop(model(&cancelled, SAYS_HI).stream(request("abcd", 100)).await.unwrap());
    assert_eq!(left(&cancelled), 0);
}

#[tokio::test]
async fn a_call_that_breaks_off_is_counted_with_what_was_sent_and_what_came() {
    let (day, limits) = (|limits| Some(Arc::new(Day::new(limits))), DayLimits::default());
    let script =
        r#"[{ "reply": { "text": "Hello there, you", "deltas": ["Hello th", "ere, you"], "error": "unavailable" } }]"#;
    for read in [1, 2, 3] {
        let account = account(1_000, day(limits));
        let mut stream = model(&account, script).stream(request("twelve chars", 100)).await.unwrap();
        for _ in 0..read {
            stream.next().await.unwrap().ok();
        }
        drop(stream);
        let total = account.ledger().usage().total;
        let output = [2, 4, 4][read - 1];
        assert_eq!((total.calls, total.input_tokens, total.output_tokens), (1, 3, output), "{read}");
        assert!(total.estimated);
        assert_eq!(total.cost_usd, Some(millionths(3 + 2 * output as i64)));
        let used = account.day.as_ref().unwrap().used_so_far();
        assert_eq!(used, Amount { tokens: 3 + output, cost_usd: millionths(3 + 2 * output as i64) });
    }
}

#[tokio::test]
async fn a_day_is_shared_by_turns_and_refuses_what_it_has_no_room_for() {
    let limits = DayLimits { tokens: Some(111), cost_usd: None };
    let day = Arc::new(Day::new(limits));
    let (one, another) = (account(1_000, Some(day.clone())), account(1_000, Some(day.clone())));
    let mut stream = model(&one, SAYS_HI).stream(request("abcd", 100)).await.unwrap();
    let second = || async { model(&another, SAYS_HI).stream(request("abcd", 10)).await };
    assert!(second().await.is_err(), "101 tokens are set aside, and 11 are wanted");
    assert_eq!(another.refused(), Some(Limit::DayTokens));
    assert_eq!(left(&another), 1_000, "the turn's own budget is untouched");
    while stream.next().await.is_some() {}
    assert_eq!(day.used_so_far().tokens, 2);
    assert!(second().await.is_ok());
    assert_eq!(one.refused(), None);
}

#[tokio::test]
async fn a_days_cost_is_limited_by_the_price_of_what_might_come() {
    let limits = DayLimits { tokens: None, cost_usd: Some(millionths(200)) };
    let day = Arc::new(Day::new(limits));
    let account = account(1_000, Some(day.clone()));
    let model = model(&account, SAYS_HI);
    assert!(model.stream(request("abcd", 100)).await.is_err(), "201 millionths of a dollar at most");
    assert_eq!(account.refused(), Some(Limit::DayCost));
    let mut stream = model.stream(request("abcd", 99)).await.unwrap();
    while stream.next().await.is_some() {}
    assert_eq!(day.used_so_far(), Amount { tokens: 2, cost_usd: millionths(3) });
}

#[test]
fn what_other_records_say_never_makes_less_of_what_is_counted_here() {
    let day = Day::new(DayLimits { tokens: Some(100), cost_usd: None });
    day.settle(Amount::default(), Amount { tokens: 60, cost_usd: millionths(5) });
    day.at_least(Amount { tokens: 40, cost_usd: millionths(9) });
    assert_eq!(day.used_so_far(), Amount { tokens: 60, cost_usd: millionths(9) });
    assert_eq!(day.reserve(Amount { tokens: 41, ..Amount::default() }), Err(Limit::DayTokens));
}

proptest::proptest! {
    /// Whatever calls come and go, what is used is the sum of what they took, and nothing stays set aside.
    #[test]
    fn a_day_adds_up(calls in proptest::collection::vec((0_u64..1_000, 0_u64..1_000), 0..50), limit in 0_u64..20_000) {
        let day = Day::new(DayLimits { tokens: Some(limit), cost_usd: None });
        let tokens = |tokens| Amount { tokens, ..Amount::default() };
        let mut expected = 0;
        for (most, taken) in calls {
            let taken = taken.min(most);
            if day.reserve(tokens(most)).is_ok() {
                day.settle(tokens(most), tokens(taken));
                expected += taken;
            }
            proptest::prop_assert!(day.used_so_far().tokens <= limit);
        }
        proptest::prop_assert_eq!(*day.used(), (tokens(expected), Amount::default()));
    }
}
