//! Where the history that a forked Codex session repeats ends.
//!
//! A fork, and a subagent that starts with what its parent knows, writes the parent's lines first,
//! stamped anew or as they were. Nothing marks the end. It is told by the ids of turns, which carry
//! their time; in files without such ids by the clock: the history is written in one go, a model
//! takes longer.

use crate::period::Timestamp;
use crate::source::scan::Object;

/// A pause as no program makes that copies lines.
const PAUSE_NANOS: i64 = 1_000_000_000;

/// The repeated history, while it lasts.
#[derive(Debug)]
pub(super) struct Replay {
    /// When the fork's id was made, in milliseconds.
    made: Option<u64>,
    /// When the fork wrote its head.
    started: Option<Timestamp>,
    previous: Option<Timestamp>,
    /// Set once a turn has an id with a time.
    by_turns: bool,
}

impl Replay {
    pub(super) fn new(id: &str, started: Option<Timestamp>) -> Self {
        Self { made: made_at(id), started, previous: started, by_turns: false }
    }

    /// True if the line is the fork's own.
    pub(super) fn ends(
        &mut self,
        kind: &str,
        event: &str,
        payload: &Object<'_>,
        time: Option<Timestamp>,
    ) -> bool {
        if kind == "turn_context" || event == "task_started" {
            let turn = payload.text("turn_id").and_then(|id| made_at(&id));
            if let Some((turn, made)) = turn.zip(self.made) {
                self.by_turns = true;
                return turn >= made;
            }
        }
        let previous = self.previous;
        self.previous = time.or(previous);
        let (Some(previous), Some(now), Some(started)) = (previous, time, self.started) else {
            return false;
        };
        let paused = now.nanos().saturating_sub(previous.nanos()) >= PAUSE_NANOS;
        !self.by_turns && now >= started && (previous < started || paused)
    }
}

/// The millisecond in a version 7 UUID.
fn made_at(id: &str) -> Option<u64> {
    let digits: String = id.chars().filter(|c| *c != '-').take(13).collect();
    let (time, version) = digits.split_at_checked(12)?;
    if version == "7" { u64::from_str_radix(time, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(replay: &mut Replay, kind: &str, payload: &str, time: &str) -> bool {
        let payload = Object::parse(payload.as_bytes()).unwrap();
        replay.ends(kind, "", &payload, Timestamp::parse(time).ok())
    }

    #[test]
    fn the_time_of_a_version_7_uuid() {
        assert_eq!(made_at("0199a213-81c0-7800-8aa1-bbab2a035a53"), Some(0x0199_a213_81c0));
        assert_eq!(made_at("0199a213-81c0-4800-8aa1-bbab2a035a53"), None);
        assert_eq!(made_at("s1"), None);
    }

    #[test]
    fn turns_decide_where_they_have_ids() {
        let start = Timestamp::parse("2026-10-01T10:00:00Z").ok();
        let mut replay = Replay::new("0199a213-81c0-7800-8aa1-bbab2a035a53", start);
        let turn = |ms: &str| format!("{{\"turn_id\":\"{ms}-7000-8000-000000000000\"}}");
        let before = turn("0199a213-81bf");
        assert!(!ends(&mut replay, "turn_context", &before, "2026-10-01T10:00:00.001Z"));
        assert!(
            !ends(&mut replay, "event_msg", "{}", "2026-10-01T10:00:05Z"),
            "a pause is no proof"
        );
        assert!(ends(&mut replay, "turn_context", &turn("0199a213-81c1"), "2026-10-01T10:00:06Z"));
    }

    #[test]
    fn else_the_clock_decides() {
        let start = Timestamp::parse("2026-10-01T10:00:00Z").ok();
        let mut anew = Replay::new("s1", start);
        assert!(!ends(&mut anew, "event_msg", "{}", "2026-10-01T10:00:00.900Z"));
        assert!(!ends(&mut anew, "event_msg", "{}", "2026-10-01T10:00:01.800Z"));
        assert!(ends(&mut anew, "event_msg", "{}", "2026-10-01T10:00:02.800Z"));
        let mut kept = Replay::new("s1", start);
        assert!(!ends(&mut kept, "event_msg", "{}", "2026-10-01T08:00:00Z"));
        assert!(!ends(&mut kept, "event_msg", "{}", "2026-10-01T08:01:00Z"));
        assert!(ends(&mut kept, "event_msg", "{}", "2026-10-01T10:00:00.100Z"));
    }
}
