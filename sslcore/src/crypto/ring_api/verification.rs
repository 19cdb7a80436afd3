//! The signatures that webpki verifies with the library.

/// `VERIFIED` and `SCHEMES`, with these algorithms of ECDSA, and these schemes of it.
macro_rules! verification {
    (
        $library:ident,
        [$($ecdsa:ident),+ $(,)?],
        [$(($scheme:ident, [$($verified:ident),+])),+ $(,)?]
    ) => {
        use webpki::$library::{
            $($ecdsa,)+ ED25519, RSA_PKCS1_2048_8192_SHA256 as PKCS1_SHA256,
            RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS, RSA_PKCS1_2048_8192_SHA384 as PKCS1_SHA384,
            RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS, RSA_PKCS1_2048_8192_SHA512 as PKCS1_SHA512,
            RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
            RSA_PSS_2048_8192_SHA256_LEGACY_KEY as PSS_SHA256,
            RSA_PSS_2048_8192_SHA384_LEGACY_KEY as PSS_SHA384,
            RSA_PSS_2048_8192_SHA512_LEGACY_KEY as PSS_SHA512,
        };

        use crate::crypto::verification::{Algorithm, OfScheme};
        use crate::protocol::SignatureScheme;

        pub(in crate::crypto) const VERIFIED: &[Algorithm] = &[
            $($ecdsa,)+
            ED25519,
            PSS_SHA256,
            PSS_SHA384,
            PSS_SHA512,
            PKCS1_SHA256,
            PKCS1_SHA384,
            PKCS1_SHA512,
            RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
            RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
            RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
        ];

        // TLS 1.3 takes the first of each, TLS 1.2, whose schemes name no curve, any.
        pub(in crate::crypto) const SCHEMES: &[OfScheme] = &[
            $((SignatureScheme::$scheme, &[$($verified),+]),)+
            (SignatureScheme::Ed25519, &[ED25519]),
            (SignatureScheme::RsaPssSha512, &[PSS_SHA512]),
            (SignatureScheme::RsaPssSha384, &[PSS_SHA384]),
            (SignatureScheme::RsaPssSha256, &[PSS_SHA256]),
            (SignatureScheme::RsaPkcs1Sha512, &[PKCS1_SHA512]),
            (SignatureScheme::RsaPkcs1Sha384, &[PKCS1_SHA384]),
            (SignatureScheme::RsaPkcs1Sha256, &[PKCS1_SHA256]),
        ];
    };
}
