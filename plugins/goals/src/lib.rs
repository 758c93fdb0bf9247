//! The goals agent.
