"""Mail: what it says, and how it is handed to an SMTP server. Knows no SQL and no request; alone imports smtplib."""
