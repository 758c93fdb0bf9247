//! The local Supabase.
