//! Behaviour of whole forecasts.
