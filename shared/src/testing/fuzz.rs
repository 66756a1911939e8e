//! Fuzzing in the process, on stable Rust: proptest makes inputs, a property looks at what a parser
//! makes of them, and the smallest input that breaks the property is printed.
//!
//! Random bytes alone never get past a parser, so most inputs are valid ones that were changed in a
//! few places: [`nearly`] changes a text, [`nearly_json`] a document.
//!
//! In the gate each target has the same inputs in each run. `FUZZ_MINUTES=10` runs each target for
//! that long with new ones, and `FUZZ_SEED` repeats the seed of a failure. `.ci/fuzz` is the long
//! run.
#![allow(clippy::print_stderr, reason = "the long run shows what each target did")]

mod json;
mod text;

use std::cell::Cell;
use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

pub use json::{any_json, nearly_json, nearly_json_text};
pub use proptest;
pub use text::{Changes, bytes, changes, is_absolute_url, nearly, odd_text, one_of};

/// The seed of the gate.
const GATE_SEED: u64 = 1;
/// A case that takes longer was made to be slow. A loaded machine is no reason for so many.
const SLOWEST: Duration = Duration::from_secs(20);

/// Has the property look at `cases` inputs, or at inputs for `FUZZ_MINUTES`. It panics where the
/// property does not hold.
pub fn check<I: Strategy>(target: &str, cases: u32, inputs: &I, property: impl Fn(I::Value)) {
    let (begun, slowest) = (Instant::now(), Cell::new(Duration::ZERO));
    let timed = |input| {
        let begun = Instant::now();
        property(input);
        slowest.set(slowest.get().max(begun.elapsed()));
        assert!(begun.elapsed() < SLOWEST, "this input took {:?}", begun.elapsed());
    };
    let minutes: Option<f64> = number("FUZZ_MINUTES");
    let time = Duration::from_secs_f64(60.0 * minutes.unwrap_or_default());
    let first = number("FUZZ_SEED").unwrap_or_else(|| match minutes {
        Some(_) => RandomState::new().hash_one(target),
        None => GATE_SEED,
    });
    let mut rounds = 0;
    while rounds == 0 || begun.elapsed() < time {
        run(target, cases, first.wrapping_add(rounds), inputs, timed);
        rounds += 1;
    }
    let (seconds, all) = (begun.elapsed().as_secs_f64(), rounds * u64::from(cases));
    eprintln!("{target}: {all} cases in {seconds:.1} s, passed (the slowest took {:?})", slowest.get());
}

/// One round: as many cases as in the gate, from one seed.
fn run<I: Strategy>(target: &str, cases: u32, seed: u64, inputs: &I, property: impl Fn(I::Value)) {
    let rng_seed = RngSeed::Fixed(seed);
    let config = Config { cases, rng_seed, failure_persistence: None, max_shrink_time: 30_000, ..Config::default() };
    let outcome = TestRunner::new(config).run(inputs, |input| {
        property(input);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, input)) => {
            panic!("{target}: {reason}\nthe smallest input: {input:?}\nthe same again: FUZZ_SEED={seed}")
        }
        Err(TestError::Abort(reason)) => panic!("{target}: no inputs: {reason}"),
    }
}

/// What a variable says, if it is set.
fn number<T: std::str::FromStr<Err: Debug>>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|error| panic!("{variable} is {text}, and should be a number: {error:?}")))
}
