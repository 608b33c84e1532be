"""Every write of the voucher programme: states, money, mails."""
