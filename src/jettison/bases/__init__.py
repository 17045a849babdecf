"""What is known of official base images: data with its source and date."""
