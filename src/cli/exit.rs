//! Exit codes, documented in `docs/reference/exit-codes.md`.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Done; a gate found spend within its budget.
    Ok = 0,
    /// A gate found its policy violated.
    BudgetViolated = 1,
    /// Wrong usage, configuration or data, or input or output failed.
    Error = 2,
    /// Nothing to judge by: no usage, too little history, or nothing priced.
    Undecided = 3,
}

impl ExitStatus {
    /// The number that the process returns.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}
