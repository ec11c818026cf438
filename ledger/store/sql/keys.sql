-- Keys of the deployment; a row is never deleted, so that a log line with a key's id stays readable.

-- create_key: add a key
INSERT INTO api_keys (key_id, secret_sha256, name, role, programme_id, created_at, revoked_at)
VALUES (%(key_id)s, %(secret_sha256)s, %(name)s, %(role)s, %(programme_id)s, %(created_at)s, NULL)

-- list_keys: every key, the oldest first
SELECT key_id, name, role, programme_id, created_at, revoked_at
  FROM api_keys
 ORDER BY created_at, key_id

-- revoke_key: end a key, unless it was ended before; either way tell what stands now
UPDATE api_keys
   SET revoked_at = COALESCE(revoked_at, %(revoked_at)s)
 WHERE key_id = %(key_id)s
RETURNING key_id, name, role, programme_id, created_at, revoked_at

-- key_of_secret: the key that a secret opens, if it may still be used
SELECT key_id, name, role, programme_id, created_at, revoked_at
  FROM api_keys
 WHERE secret_sha256 = %(secret_sha256)s AND revoked_at IS NULL
