//! QSslSocket on `std::net`.
