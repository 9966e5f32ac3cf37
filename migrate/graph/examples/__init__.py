"""Feature columns and parsed examples, whose results become dense inputs."""
