"""The event store on PostgreSQL: the only room that knows the driver and the event library."""
