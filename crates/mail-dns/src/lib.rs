//! mail-dns
