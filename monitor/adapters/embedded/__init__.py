"""The bundled Traefik and S3 server: found, configured, started, watched and stopped."""
