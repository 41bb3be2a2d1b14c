"""All recorded mails beside what others make of them."""
