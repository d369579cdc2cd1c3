/**
 * Signature Version 4, checked by signing again: the door.
 *
 * - verifier.ts   the library's signer, and a comparison that tells nothing by its time
 * - sha256.ts     SHA-256 and its HMAC as the signer wants them
 */
export { type SignatureVerifier, type SignedRequest, signatureVerifier } from './verifier.ts';
