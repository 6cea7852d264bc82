//! What the compiler says to a newcomer's mistakes: see the tests.
