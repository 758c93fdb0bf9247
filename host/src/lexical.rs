//! Words compared without a model.
