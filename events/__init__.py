"""What crosses Kafka: events in and out, their envelope, topics and reason codes."""
