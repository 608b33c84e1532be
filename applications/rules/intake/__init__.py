"""Rules of drafting an application: questions and answers, costs, documents, consents, partners."""
